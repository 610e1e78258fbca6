//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// The soak's own figures. Its tokens live for a minute, so that as many expire
// as are issued; its callers wait for their turn, so that the rate is steady.
const (
	soakTTL      = time.Minute
	soakCallers  = 24
	soakClients  = 50
	soakSampling = 5 * time.Second
	// hourGone is how long after a full hour the tokens that ended in it have
	// surely left the disk: the grace, the minute between two looks, and some.
	hourGone = 4 * time.Minute
	keepOne  = 50   // one in so many tokens is kept and tried until it is dead
	revokeIn = 2000 // one in so many is revoked
)

// soak issues tokens that soon expire, for a long time and at a steady rate,
// and compares the process at the end with itself at the beginning.
//
// The store drops tokens by the hour of their end, so its size is a saw with a
// tooth an hour. Two moments are compared that lie whole hours apart, right
// after a full hour was dropped; the run begins with what is missing until the
// first. A run of less than an hour sees no tooth and is begun at once.
type soak struct {
	*tally
	*server
	latencies
	clients []account
	rate    float64 // tokens a second
	ttl     time.Duration
	every   time.Duration // between two samples
	began   time.Time
	next    atomic.Int64 // number of the next token
	kept    ring
}

func (s *stage) soak(ctx context.Context) (err error) {
	at, err := s.newSite("soak")
	if err != nil {
		return err
	}
	backend, stopBackend, err := backend()
	if err != nil {
		return err
	}
	defer stopBackend()
	if err := at.put(routes(backend, 0)); err != nil {
		return err
	}
	k := &soak{tally: &tally{}, rate: float64(s.tokens) / s.during.Seconds(), ttl: soakTTL, every: soakSampling}
	if k.server, err = at.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.stop()) }()
	if err := k.registerAll(ctx); err != nil {
		return err
	}
	samples, window, err := s.watchSoak(ctx, k, at)
	if err != nil {
		return err
	}
	if err := s.drawSoak(samples, window); err != nil {
		return err
	}
	lines, flat := judge(samples, window)
	lines = append(lines,
		fmt.Sprintf("in all: %d tokens issued, %d checks, %d tokens and %d clients revoked, %d registered",
			k.acknowledged[issued].Load(), k.acknowledged[used].Load(), k.acknowledged[tokenRevoked].Load(), k.acknowledged[clientRevoked].Load(), k.acknowledged[registered].Load()))
	s.report.List(fmt.Sprintf("Soak: %d tokens in %s", s.tokens, s.during), lines...)
	return errorsOr(k.broken(), flat)
}

// watchSoak runs the load and takes samples until the end.
func (s *stage) watchSoak(ctx context.Context, k *soak, at *site) (samples []sample, w window, err error) {
	k.began = time.Now()
	w = newWindow(k.began, s.during)
	out, err := newSampleFile(s.samples)
	if err != nil {
		return nil, w, err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	loadCtx, stop := context.WithDeadline(ctx, k.began.Add(w.end))
	var load sync.WaitGroup
	for n := range soakCallers {
		load.Go(func() { k.issueAndCheck(loadCtx, ctx, rand.New(rand.NewPCG(s.seed, uint64(n)))) })
	}
	load.Go(func() { k.comeAndGo(loadCtx, ctx) })
	defer func() { stop(); load.Wait() }()
	tick := time.NewTicker(k.every)
	defer tick.Stop()
	for elapsed := time.Duration(0); elapsed < w.end+w.tail; {
		select {
		case <-tick.C:
		case <-k.ended:
			return samples, w, fmt.Errorf("the server ended by itself\n%s", k.tail())
		case <-ctx.Done():
			return samples, w, ctx.Err()
		}
		elapsed = time.Since(k.began)
		one, err := k.sample(ctx, at, elapsed)
		if err != nil {
			return samples, w, err
		}
		samples = append(samples, one)
		if err := errors.Join(out.put(one), k.broken()); err != nil {
			return samples, w, err
		}
	}
	return samples, w, nil
}

func (k *soak) registerAll(ctx context.Context) error {
	for range soakClients {
		a, err := k.register(ctx)
		if err != nil {
			return err
		}
		k.clients = append(k.clients, a)
	}
	return nil
}

func (k *soak) register(ctx context.Context) (account, error) {
	var made withSecret
	body := map[string]any{"name": "soaked", "allowed_scopes": []string{"invoices.read"}, "access_token_ttl": k.ttl.String()}
	code, err := k.admin(ctx, http.MethodPost, "/admin/v1/clients", body, &made)
	if err != nil || code != http.StatusCreated {
		return account{}, fmt.Errorf("register: %d, %w", code, err)
	}
	k.acknowledged[registered].Add(1)
	return account{id: made.Client.ID, secret: made.Secret}, nil
}

// issueAndCheck takes one turn after the other, each at its time, until the
// load ends. Calls that have begun are finished.
func (k *soak) issueAndCheck(load, ctx context.Context, r *rand.Rand) {
	for {
		n := k.next.Add(1)
		if !waitUntil(load, k.began.Add(time.Duration(float64(n)/k.rate*float64(time.Second)))) {
			return
		}
		a := &k.clients[int(n)%len(k.clients)]
		begun := time.Now()
		text, _, code, err := k.issue(ctx, a.id, a.secret)
		ended := time.Now()
		if err != nil || code != http.StatusOK {
			k.violated("issuing was answered with %d, %v", code, err)
			return
		}
		k.issuing.add(ended.Sub(begun))
		k.acknowledged[issued].Add(1)
		t := mortal{text, begun.Add(k.ttl), ended.Add(k.ttl)}
		switch {
		case n%revokeIn == 0:
			k.revokeNow(ctx, a, t)
		case n%keepOne == 0:
			k.kept.put(t)
		case n%5 == 0:
			k.present(ctx, t)
		case n%10 == 1:
			if old, ok := k.kept.any(r); ok {
				k.present(ctx, old)
			}
		}
	}
}

// present uses a token and compares the answer with the time.
func (k *soak) present(ctx context.Context, t mortal) {
	begun := time.Now()
	code, err := k.use(ctx, "/read", t.text)
	ended := time.Now()
	k.checking.add(ended.Sub(begun))
	k.acknowledged[used].Add(1)
	// Ends are whole seconds.
	mayLive, mayBeDead := begun.Before(t.latest.Add(time.Second)), ended.After(t.earliest.Add(-time.Second))
	switch {
	case err != nil, code == http.StatusOK && !mayLive, code == http.StatusUnauthorized && !mayBeDead,
		code != http.StatusOK && code != http.StatusUnauthorized:
		k.violated("a token %s before its end was answered with %d, %v", t.latest.Sub(begun), code, err)
	}
}

func (k *soak) revokeNow(ctx context.Context, a *account, t mortal) {
	code, err := k.form(ctx, "/oauth/revoke", a.id, a.secret, url.Values{"token": {t.text}}, nil)
	if err != nil || code != http.StatusOK {
		k.violated("revoking was answered with %d, %v", code, err)
		return
	}
	k.acknowledged[tokenRevoked].Add(1)
	if code, err := k.use(ctx, "/read", t.text); err != nil || code != http.StatusUnauthorized {
		k.violated("a revoked token was answered with %d, %v", code, err)
	}
}

// comeAndGo registers a client every ten seconds and revokes it again.
func (k *soak) comeAndGo(load, ctx context.Context) {
	for at := k.began; waitUntil(load, at); at = at.Add(10 * time.Second) {
		a, err := k.register(ctx)
		if err != nil {
			k.violated("%v", err)
			return
		}
		text, _, code, err := k.issue(ctx, a.id, a.secret)
		if err != nil || code != http.StatusOK {
			k.violated("issuing to a new client was answered with %d, %v", code, err)
			return
		}
		if code, err := k.admin(ctx, http.MethodPost, "/admin/v1/clients/"+a.id+"/revoke", map[string]any{}, nil); err != nil || code != http.StatusOK {
			k.violated("revoking a client was answered with %d, %v", code, err)
		}
		k.acknowledged[clientRevoked].Add(1)
		if code, err := k.use(ctx, "/read", text); err != nil || code != http.StatusUnauthorized {
			k.violated("a token of a revoked client was answered with %d, %v", code, err)
		}
	}
}

// waitUntil waits for a time; false: ctx ended first.
func waitUntil(ctx context.Context, at time.Time) bool {
	left := time.Until(at)
	if left <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// mortal is a token that ends between two moments.
type mortal struct {
	text             string
	earliest, latest time.Time
}

// ring keeps the latest tokens.
type ring struct {
	mu     sync.Mutex
	tokens [8192]mortal
	next   int
}

func (r *ring) put(t mortal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens[r.next%len(r.tokens)] = t
	r.next++
}

func (r *ring) any(random *rand.Rand) (mortal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == 0 {
		return mortal{}, false
	}
	return r.tokens[random.IntN(min(r.next, len(r.tokens)))], true
}

// drawSoak writes the graph, if one is asked for.
func (s *stage) drawSoak(samples []sample, w window) error {
	if s.graph == "" {
		return nil
	}
	return os.WriteFile(filepath.Clean(s.graph), chart(samples, w), 0o644)
}
