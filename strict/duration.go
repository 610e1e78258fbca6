package strict

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Duration is a length of time from low to high, as Go writes them: 90s, 1h30m.
func Duration(low, high time.Duration) Scalar[time.Duration] {
	want := fmt.Sprintf("a duration from %s to %s such as 30s or 1h30m", ShortDuration(low), ShortDuration(high))
	return Scalar[time.Duration]{
		Want:    want,
		Pattern: regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`),
		Parse: func(text string) (time.Duration, error) {
			d, err := time.ParseDuration(text)
			if err != nil || d < low || d > high {
				return 0, fmt.Errorf("%.80q is not %s", text, want)
			}
			return d, nil
		},
		Print: func(d time.Duration) string {
			if d == 0 && low > 0 {
				return "" // not set
			}
			return ShortDuration(d)
		},
	}
}

// ShortDuration writes 1h0m0s as 1h.
func ShortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
