package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"scopegate/store"
)

func TestAClockThatStoodAheadIsSetBackByTheCommandLine(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	c := p.register("worker")
	token := p.token(c)
	reset := []string{"store", "reset-clock", "--yes"}
	p.refused(exitFailed, "open in process", reset...)
	p.stop()
	p.refused(exitFailed, "not ahead", reset...)
	p.stepAhead(365 * 24 * time.Hour)
	p.start()
	if status, _, body := p.ask(c); status != http.StatusServiceUnavailable {
		t.Errorf("a year behind: %d %v", status, body)
	}
	p.stop()
	p.refused(exitUsage, "--yes", "store", "reset-clock")
	p.refused(exitUsage, "reason", append(reset, "--reason", "a\x01b")...)
	var done store.ClockReset
	p.json(&done, append(reset, "--reason", "the time server lied")...)
	if done.Clients != 1 || done.Tokens != 1 || done.Noted.Sub(done.SetTo) < 364*24*time.Hour {
		t.Errorf("%+v", done)
	}
	p.start()
	if status, code := p.get("/invoices/7", token); status != http.StatusUnauthorized {
		t.Errorf("a token of before: %d %s", status, code)
	}
	p.token(c) // with the secret of before
	for _, want := range []string{"clock.set_back", "admin:command", "the time server lied", "by the local user", "1 tokens ended, 1 clients changed"} {
		if log := p.cli("audit", "--output", "json"); !strings.Contains(log, want) {
			t.Errorf("the control log does not tell %q:\n%s", want, log)
		}
	}
	if _, stderr, code := p.try("", append(reset, "--data-dir", p.path("nowhere"))...); code != exitFailed || !strings.Contains(stderr, "there is no store in") {
		t.Errorf("without a store: %d %s", code, stderr)
	}
}

// stepAhead lets the stopped store see a later time than there is.
func (p *inProcess) stepAhead(d time.Duration) {
	p.t.Helper()
	s, err := store.Open(p.t.Context(), p.path("data/store"), store.Options{Wall: func() time.Time { return time.Now().Add(d) }})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		p.t.Fatal(err)
	}
}
