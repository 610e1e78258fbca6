package main

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

func TestACapOnLivingTokensHoldsAcrossARestart(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	c, free := p.register("worker", "--max-live-tokens", "3"), p.register("free")
	if c.Client.MaxLiveTokens != 3 {
		t.Errorf("registered as %+v", c.Client)
	}
	p.refused(exitFailed, "max_live_tokens", "clients", "create", "--name", "x", "--max-live-tokens", "-1")
	full := func() {
		t.Helper()
		status, header, body := p.ask(c)
		wait, err := strconv.Atoi(header.Get("Retry-After"))
		if status != http.StatusTooManyRequests || body["error"] != "temporarily_unavailable" ||
			header.Get("X-Scopegate-Error") != "rate_limited" || err != nil || wait < 1 || wait > 3600 {
			t.Fatalf("at the cap: %d %v %v", status, header, body)
		}
	}
	restart := func() {
		t.Helper()
		p.stop()
		p.start()
	}
	first := p.token(c)
	p.token(c)
	p.token(c)
	full()
	restart()
	full()
	p.token(free)

	p.cli("tokens", "revoke", first)
	restart()
	second := p.token(c)
	full()
	p.refused(exitFailed, "living tokens", "tokens", "issue", c.Client.ID)
	p.cli("tokens", "revoke", second)
	p.token(c)
	full()

	p.cli("clients", "revoke-tokens", c.Client.ID)
	restart()
	p.token(c)
	p.token(c)
	p.token(c)
	full()
	p.cli("clients", "update", c.Client.ID, "--max-live-tokens", "4")
	p.token(c)
	full()
	p.cli("clients", "update", c.Client.ID, "--max-live-tokens", "0")
	p.token(c)
	p.token(c)
}

func TestACapHoldsForManyRequestsAtOnceAfterARestart(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	const limit, callers = 20, 16
	c := p.register("worker", "--max-live-tokens", strconv.Itoa(limit))
	for range 3 {
		p.token(c)
	}
	p.stop()
	p.start() // whoever comes first waits for the count
	var given, refused atomic.Int64
	var crowd sync.WaitGroup
	for range callers {
		crowd.Go(func() {
			for range 4 {
				status, _, body := p.ask(c)
				switch status {
				case http.StatusOK:
					given.Add(1)
				case http.StatusTooManyRequests:
					refused.Add(1)
				default:
					t.Errorf("%d %v", status, body)
				}
			}
		})
	}
	crowd.Wait()
	if given.Load() != limit-3 || refused.Load() != callers*4-(limit-3) {
		t.Errorf("%d given and %d refused at a cap of %d with 3 living", given.Load(), refused.Load(), limit)
	}
}
