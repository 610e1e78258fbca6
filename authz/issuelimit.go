package authz

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxIssueLimit is the largest N of an IssueLimit.
const MaxIssueLimit = 1_000_000

// IssueLimit bounds how many tokens a client may ask for: N in each Per, up to
// N at once. The zero value is no bound.
type IssueLimit struct {
	N   int
	Per time.Duration // a second, a minute or an hour
}

// ParseIssueLimit reads "10/s", "10/m" or "100/h"; the empty text is no bound.
func ParseIssueLimit(text string) (IssueLimit, error) {
	if text == "" {
		return IssueLimit{}, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.Atoi(number)
	if l := (IssueLimit{n, per}); err == nil && l.valid() && strconv.Itoa(n) == number {
		return l, nil
	}
	return IssueLimit{}, fmt.Errorf("%.40q is not a number from 1 to %d with /s, /m or /h, such as 100/h", text, MaxIssueLimit)
}

// String returns the text that ParseIssueLimit reads.
func (l IssueLimit) String() string {
	if l == (IssueLimit{}) {
		return ""
	}
	unit := map[time.Duration]string{time.Second: "s", time.Minute: "m", time.Hour: "h"}[l.Per]
	return strconv.Itoa(l.N) + "/" + unit
}

// MarshalText implements encoding.TextMarshaler.
func (l IssueLimit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *IssueLimit) UnmarshalText(text []byte) (err error) {
	*l, err = ParseIssueLimit(string(text))
	return err
}

func (l IssueLimit) valid() bool {
	known := l.Per == time.Second || l.Per == time.Minute || l.Per == time.Hour
	return known && l.N >= 1 && l.N <= MaxIssueLimit
}
