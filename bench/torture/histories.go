//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"scopegate/store/historytest"
)

// An episode is a few hundred operations of all workers on some clients, in
// the middle of which the process is killed.
const (
	episodeActs    = 480
	episodeClients = 3
	judging        = 2 * time.Minute // for the history of one client
)

// histories records what 16 workers ask and are told while the process is
// killed and started again under them, and has porcupine say whether some
// order of single operations explains it (historytest.Model).
func (s *stage) histories(ctx context.Context) error {
	at, err := s.newSite("histories")
	if err != nil {
		return err
	}
	url, stopBackend, err := backend()
	if err != nil {
		return err
	}
	defer stopBackend()
	if err := at.put(routes(url, 0)); err != nil {
		return err
	}
	r := &recorder{tally: &tally{}, site: at, random: rand.New(rand.NewPCG(s.seed, 0)), began: time.Now()}
	began := time.Now()
	err = r.episodes(ctx, s.operations)
	s.report.List(fmt.Sprintf("Histories across %d kills, in %s", len(r.ready), time.Since(began).Round(time.Second)), r.lines()...)
	return err
}

// recorder owns the process and the histories of one episode.
type recorder struct {
	*tally
	site   *site
	random *rand.Rand
	began  time.Time

	judged int // operations
	slow   time.Duration
	ready  []time.Duration // of each start after a kill

	life atomic.Pointer[life]
}

// life is one process, from its start to its end.
type life struct {
	*server
	gone chan struct{} // closed when the process is dead
	died int64         // when; once gone is closed
	next chan struct{} // closed when the next one can be asked
}

// past is the history of one client.
type past struct {
	id string

	mu      sync.Mutex
	acts    []porcupine.Operation
	tokens  []string // texts, by number
	secrets []string
	names   []string // of the secrets: their ids
}

func (r *recorder) now() int64 { return time.Since(r.began).Nanoseconds() }

// episodes goes on until enough operations were judged.
func (r *recorder) episodes(ctx context.Context, operations int) error {
	if err := r.revive(ctx); err != nil {
		return err
	}
	for r.judged < operations {
		pasts, err := r.episode(ctx)
		if err := errorsOr(err, r.broken(), ctx.Err()); err != nil {
			r.life.Load().kill()
			return err
		}
		if err := r.judge(pasts); err != nil {
			r.life.Load().kill()
			return err
		}
	}
	return r.life.Load().stop()
}

// judge asks porcupine.
func (r *recorder) judge(pasts []*past) error {
	for _, p := range pasts {
		began := time.Now()
		if result := porcupine.CheckOperationsTimeout(historytest.Model(), p.acts, judging); result != porcupine.Ok {
			return fmt.Errorf("the history of a client is %s for linearizability:\n%s", result, describe(p.acts))
		}
		r.slow = max(r.slow, time.Since(began))
		r.judged += len(p.acts)
	}
	return nil
}

func describe(acts []porcupine.Operation) (text string) {
	slices.SortFunc(acts, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, a := range acts {
		text += fmt.Sprintf("%12d %12d worker %2d: %s\n", a.Call, a.Return, a.ClientId, historytest.Model().DescribeOperation(a.Input, a.Output))
	}
	return text
}

// revive starts the process, and tells those who wait for it.
func (r *recorder) revive(ctx context.Context) error {
	before := r.life.Load()
	s, err := r.site.start(ctx)
	if err != nil {
		return err
	}
	r.life.Store(&life{server: s, gone: make(chan struct{}), next: make(chan struct{})})
	if before != nil {
		r.ready = append(r.ready, s.ready)
		close(before.next)
	}
	return nil
}

// episode lets all workers at some new clients, and kills the process twice
// meanwhile.
func (r *recorder) episode(ctx context.Context) ([]*past, error) {
	pasts := make([]*past, episodeClients)
	for i := range pasts {
		var made withSecret
		body := map[string]any{"name": "recorded", "allowed_scopes": []string{"invoices.read"}}
		if code, err := r.life.Load().admin(ctx, http.MethodPost, "/admin/v1/clients", body, &made); err != nil || code != http.StatusCreated {
			return nil, fmt.Errorf("register: %d, %w", code, err)
		}
		pasts[i] = &past{id: made.Client.ID}
		(&scribe{recorder: r, past: pasts[i]}).rotate(ctx)
	}
	if err := r.broken(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx) // ends workers that wait for a process that does not come
	defer stop()
	var done atomic.Int64
	var all sync.WaitGroup
	for w := range workers {
		random := rand.New(rand.NewPCG(r.random.Uint64(), r.random.Uint64()))
		all.Go(func() {
			for range episodeActs / workers {
				(&scribe{recorder: r, past: pasts[random.IntN(len(pasts))], worker: w}).perform(ctx, random)
				done.Add(1)
			}
		})
	}
	err := r.killTwice(ctx, &done)
	if err != nil {
		stop()
	}
	all.Wait()
	return pasts, err
}

// killTwice ends the process when a random number of operations is done, and
// starts it again.
func (r *recorder) killTwice(ctx context.Context, done *atomic.Int64) error {
	for _, part := range []int64{0, 1} {
		const half = episodeActs / 2
		moment := part*half + 1 + r.random.Int64N(half-workers)
		poll := time.NewTicker(time.Millisecond)
		for done.Load() < moment {
			select {
			case <-poll.C:
			case <-ctx.Done():
				poll.Stop()
				return ctx.Err()
			}
		}
		poll.Stop()
		l := r.life.Load()
		l.kill()
		l.died = r.now()
		close(l.gone)
		if err := r.revive(ctx); err != nil {
			return fmt.Errorf("start after %d kills: %w", len(r.ready), err)
		}
	}
	return nil
}

// lines tell what was done.
func (r *recorder) lines() []string {
	if len(r.ready) == 0 {
		return []string{"no kill"}
	}
	v := slices.Sorted(slices.Values(r.ready))
	return []string{
		fmt.Sprintf("%d operations of %d workers are linearizable with the kills; of these, %d changes had no answer", r.judged, workers, r.unanswered.Load()),
		fmt.Sprintf("tokens issued: %d, revoked: %d; secrets rotated: %d; clients disabled or enabled: %d, revoked: %d; checks: %d",
			r.acknowledged[issued].Load(), r.acknowledged[tokenRevoked].Load(), r.acknowledged[rotated].Load(),
			r.acknowledged[otherChange].Load(), r.acknowledged[clientRevoked].Load(), r.acknowledged[used].Load()),
		fmt.Sprintf("ready after %s in the middle, %s at most; the slowest history was judged in %s",
			v[len(v)/2].Round(time.Millisecond), v[len(v)-1].Round(time.Millisecond), r.slow.Round(time.Millisecond)),
	}
}

// scribe does single operations on one client, and records them.
type scribe struct {
	*recorder
	past   *past
	worker int
}

// errRefused says that a change was refused for a reason that the model need
// not know: it did not happen.
var errRefused = errors.New("refused")

// record runs one act. One without an answer that is a change may have
// happened until the process was dead, and not later; any other is left out.
func (s *scribe) record(ctx context.Context, in historytest.Act, run func(*server) (historytest.Outcome, error)) {
	l := s.life.Load()
	call := s.now()
	out, err := run(l.server)
	end := s.now()
	if errors.Is(err, errRefused) {
		return
	}
	if err != nil {
		select {
		case <-l.gone:
		case <-ctx.Done():
			return
		}
		if out, end = (historytest.Outcome{Unanswered: true}), l.died; in.Kind == historytest.Check || in.Kind == historytest.Issue || call >= end {
			s.await(ctx, l)
			return
		}
		s.unanswered.Add(1)
		defer s.await(ctx, l)
	}
	s.past.mu.Lock()
	defer s.past.mu.Unlock()
	s.past.acts = append(s.past.acts, porcupine.Operation{ClientId: s.worker, Input: in, Call: call, Output: out, Return: end})
}

func (s *scribe) await(ctx context.Context, l *life) {
	select {
	case <-l.next:
	case <-ctx.Done():
	}
}

// perform does one random act.
func (s *scribe) perform(ctx context.Context, random *rand.Rand) {
	token, text, secret, name := s.past.known(random)
	switch n := random.IntN(100); {
	case n < 34:
		s.issue(ctx, secret, name)
	case n < 68 && token >= 0:
		s.check(ctx, token, text)
	case n < 84 && token >= 0:
		s.change(ctx, historytest.Act{Kind: historytest.RevokeToken, Token: token}, "/admin/v1/tokens/revoke", map[string]any{"token": text}, tokenRevoked)
	case n < 90:
		s.rotate(ctx)
	case n < 94:
		s.change(ctx, historytest.Act{Kind: historytest.Disable}, s.past.path("disable"), nil, otherChange)
	case n < 99:
		s.change(ctx, historytest.Act{Kind: historytest.Enable}, s.past.path("enable"), nil, otherChange)
	case random.IntN(4) == 0:
		s.change(ctx, historytest.Act{Kind: historytest.RevokeClient}, s.past.path("revoke"), nil, clientRevoked)
	}
}

func (p *past) path(what string) string { return "/admin/v1/clients/" + p.id + "/" + what }

// known draws a token and a secret that some worker has heard of.
func (p *past) known(random *rand.Rand) (token int, text, secret, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	token = -1
	if len(p.tokens) > 0 {
		token = random.IntN(len(p.tokens))
		text = p.tokens[token]
	}
	n := len(p.secrets) - 1
	if random.IntN(20) == 0 { // not often: who guesses is told to wait
		n = max(n-1-random.IntN(2), 0)
	}
	return token, text, p.secrets[n], p.names[n]
}

func (s *scribe) issue(ctx context.Context, secret, name string) {
	s.record(ctx, historytest.Act{Kind: historytest.Issue, Text: name}, func(c *server) (historytest.Outcome, error) {
		text, _, code, err := c.issue(ctx, s.past.id, secret)
		if err != nil || code == http.StatusUnauthorized {
			return historytest.Outcome{}, err
		}
		if code == http.StatusTooManyRequests { // after a few wrong secrets
			return historytest.Outcome{}, errRefused
		}
		if code != http.StatusOK {
			return historytest.Outcome{}, s.unexpected("issuing", code)
		}
		s.acknowledged[issued].Add(1)
		s.past.mu.Lock()
		defer s.past.mu.Unlock()
		if len(s.past.tokens) == historytest.MaxTokens {
			return historytest.Outcome{}, errRefused
		}
		s.past.tokens = append(s.past.tokens, text)
		return historytest.Outcome{Yes: true, Token: len(s.past.tokens) - 1}, nil
	})
}

func (s *scribe) check(ctx context.Context, token int, text string) {
	s.record(ctx, historytest.Act{Kind: historytest.Check, Token: token}, func(c *server) (historytest.Outcome, error) {
		code, err := c.use(ctx, "/read", text)
		if err == nil && code != http.StatusOK && code != http.StatusUnauthorized {
			err = s.unexpected("a check", code)
		}
		if err == nil {
			s.acknowledged[used].Add(1)
		}
		return historytest.Outcome{Yes: code == http.StatusOK}, err
	})
}

func (s *scribe) rotate(ctx context.Context) {
	s.record(ctx, historytest.Act{Kind: historytest.Rotate}, func(c *server) (historytest.Outcome, error) {
		var made withSecret
		code, err := c.admin(ctx, http.MethodPost, s.past.path("rotate-secret"), map[string]any{}, &made)
		if err := s.happened("rotating", code, err); err != nil {
			return historytest.Outcome{}, err
		}
		s.acknowledged[rotated].Add(1)
		name := made.Client.Secrets[len(made.Client.Secrets)-1].ID
		s.past.mu.Lock()
		defer s.past.mu.Unlock()
		s.past.secrets, s.past.names = append(s.past.secrets, made.Secret), append(s.past.names, name)
		return historytest.Outcome{Text: name}, nil
	})
}

func (s *scribe) change(ctx context.Context, in historytest.Act, path string, body map[string]any, what deed) {
	s.record(ctx, in, func(c *server) (historytest.Outcome, error) {
		code, err := c.admin(ctx, http.MethodPost, path, body, nil)
		if err := s.happened(path, code, err); err != nil {
			return historytest.Outcome{}, err
		}
		s.acknowledged[what].Add(1)
		return historytest.Outcome{}, nil
	})
}

// happened sorts the answer to a change. A revoked client takes none, and one
// that lost too many races made none.
func (s *scribe) happened(what string, code int, err error) error {
	switch {
	case err != nil:
		return err
	case code == http.StatusConflict:
		return errRefused
	case code != http.StatusOK:
		return s.unexpected(what, code)
	}
	return nil
}

// unexpected notes an answer that no healthy server gives.
func (s *scribe) unexpected(what string, code int) error {
	s.violated("%s was answered with %d", what, code)
	return errRefused
}
