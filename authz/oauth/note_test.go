package oauth_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"scopegate/authz/oauth"
)

func TestTheLogSaysHowLongARequestTookWhileTheStoresClockStandsStill(t *testing.T) {
	s := start(t) // its clock moves by hand only
	for _, path := range []string{oauth.TokenPath, oauth.IntrospectPath, oauth.RevokePath} {
		if a := s.do(t, call{path: path, body: grant + "&token=x"}); a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		s.do(t, call{path: path, auth: []string{basic(s.id, "wrong")}, body: grant})
	}
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d lines, want one for each request", len(lines))
	}
	for _, line := range lines {
		var said struct {
			Duration float64 `json:"duration_ms"`
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil || said.Duration != 1.5 {
			t.Errorf("duration_ms is %v, %v: %s", said.Duration, err, line)
		}
	}
}
