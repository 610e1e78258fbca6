package gateway_test

import (
	"testing"
	"time"

	"scopegate/gateway"
)

func TestLogTimesAreWrittenAsPackageTimeWritesThem(t *testing.T) {
	second := time.Date(2026, 11, 29, 23, 59, 59, 0, time.FixedZone("", 5*3600))
	var log gateway.LogTime // one for all, as for the lines of a log
	for _, at := range []time.Time{
		second, second.Add(time.Millisecond - 1), second.Add(7 * time.Millisecond), second.Add(999_999_999),
		second.Add(time.Second), second, second.AddDate(7, 0, 0), time.Unix(0, 0), time.Unix(-1, 1_000_000),
	} {
		if got, want := string(log.Append(nil, at)), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("%v is written as %s, want %s", at, got, want)
		}
	}
}
