package limit

import (
	"fmt"
	"time"
)

// Period is the window of a quota, in UTC.
type Period uint8

// The periods.
const (
	Day Period = iota + 1
	Month
)

// ParsePeriod reads "day" or "month".
func ParsePeriod(s string) (Period, error) {
	switch s {
	case "day":
		return Day, nil
	case "month":
		return Month, nil
	}
	return 0, fmt.Errorf(`period %q is neither "day" nor "month"`, s)
}

// String returns "day" or "month".
func (p Period) String() string {
	if p == Month {
		return "month"
	}
	return "day"
}

// MarshalText writes String.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePeriod reads.
func (p *Period) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePeriod(string(text))
	return err
}

// Window returns the start and the end of the window that now lies in.
func (p Period) Window(now time.Time) (start, end time.Time) {
	year, month, day := now.UTC().Date()
	if p == Month {
		start = time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 1, 0)
	}
	start = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return start, start.AddDate(0, 0, 1)
}
