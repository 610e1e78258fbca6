package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"scopegate/authz"
	"scopegate/metrics"
)

const (
	// pollEvery is how often the log is looked at when nobody calls.
	pollEvery = 5 * time.Second
	// saveEvery is how often the namespace is brought up to date at most; a crash
	// repeats what was delivered since.
	saveEvery = time.Second
	// retryStore is how long to wait after the store failed.
	retryStore = time.Second
	// stopGrace is how long attempts may go on when the sender stops.
	stopGrace = 2 * time.Second
	// storeLimit bounds a call of the store.
	storeLimit = 10 * time.Second
)

// sender delivers for one webhook. One goroutine owns its backlog; attempts run
// beside it and report.
type sender struct {
	name         string
	store        authz.Store
	log          *slog.Logger
	counts       *metrics.Webhook
	now          func() time.Time
	spread       func() float64
	newTransport func(*Hook) http.RoundTripper
	begin        authz.Seq // where a webhook that has no place yet begins

	hook    atomic.Pointer[Hook]
	wake    chan struct{} // somebody changed something
	calls   chan func()   // run by the owner of the backlog
	results chan result   // of attempts; has room for all of them
	stop    context.CancelFunc
	stopped chan struct{}

	// The rest is touched by the goroutine of run only.
	backlog *backlog
	dead    int  // dead letters in the namespace
	running int  // attempts
	failing bool // the last attempt failed, and the log says so
	saved   time.Time
	reads   health
	writes  health
	conn    connection
	last    lastAttempts
}

// connection is that to the receiver, made anew when the webhook changes.
type connection struct {
	hook *Hook
	rt   http.RoundTripper
}

// lastAttempts is what people are shown.
type lastAttempts struct {
	deliveredAt time.Time
	failedAt    time.Time
	err         string
}

// result is how an attempt ended.
type result struct {
	queue *queue
	err   error
}

// run delivers until ctx ends, then lets attempts that run end for a moment,
// and notes how far it came.
func (s *sender) run(ctx context.Context) {
	defer close(s.stopped)
	defer s.closeIdle()
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	if !s.load(ctx) {
		return
	}
	for ctx.Err() == nil {
		again := s.follow(ctx)
		later := s.launch(attempts)
		saveAt := s.saveIfDue(ctx)
		s.setGauges()
		s.pause(ctx, again, later, saveAt)
	}
	s.drain(cut)
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit/2)
	defer cancel()
	s.save(final)
	s.setGauges()
}

// pause waits for something to do. again: there is more of the log to look at.
func (s *sender) pause(ctx context.Context, again bool, times ...time.Time) {
	wait := pollEvery
	for _, at := range times {
		if !at.IsZero() {
			wait = min(wait, max(0, at.Sub(s.now())))
		}
	}
	if again && s.backlog.hasRoom() {
		wait = 0
	}
	if s.reads.failing {
		wait = max(wait, retryStore)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	case r := <-s.results:
		s.take(ctx, r)
	case call := <-s.calls:
		call()
	case <-ctx.Done():
	}
}

// launch starts attempts that are due, and returns when the next one is.
func (s *sender) launch(ctx context.Context) (later time.Time) {
	due, later := s.backlog.next(s.now(), width-s.running)
	hook := s.hook.Load()
	for _, q := range due {
		if s.conn.hook != hook {
			s.closeIdle()
			s.conn = connection{hook, s.newTransport(hook)}
		}
		d, rt := *q.waiting[0], s.conn.rt // a copy: the backlog goes on
		q.trying = true
		s.running++
		go func() {
			_, err := s.post(ctx, hook, rt, &d)
			s.results <- result{q, err}
		}()
	}
	return later
}

// take notes how an attempt ended.
func (s *sender) take(ctx context.Context, r result) {
	s.running--
	r.queue.trying = false
	d, hook := r.queue.waiting[0], s.hook.Load()
	if r.err == nil {
		s.counts.Delivered()
		s.last.deliveredAt = s.now()
		s.backlog.settle(r.queue)
		if s.failing {
			s.failing = false
			s.log.InfoContext(ctx, "webhook delivers again", "webhook", s.name)
		}
		return
	}
	s.counts.Failed()
	d.Attempts++
	d.LastError = errorText(r.err)
	s.last.failedAt, s.last.err = s.now(), d.LastError
	d.Next, d.changed, s.backlog.dirty = s.now().Add(wait(d.Attempts, s.spread())).UTC(), true, true
	level := slog.LevelWarn
	if s.failing {
		level = slog.LevelDebug // said already
	}
	s.failing = true
	s.log.Log(ctx, level, "webhook delivery failed", "webhook", s.name, "seq", uint64(d.Seq), "kind", string(d.Kind), "client_id", string(d.ClientID),
		"attempt", d.Attempts, "error", d.LastError, "next", d.Next)
	if d.Attempts >= hook.Attempts {
		s.giveUp(ctx, r.queue)
	}
}

// drain lets running attempts end: by themselves for a moment, then cut.
func (s *sender) drain(cut context.CancelFunc) {
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	for s.running > 0 {
		select {
		case r := <-s.results:
			s.takeLast(r)
		case <-grace.C:
			cut()
		}
	}
}

// takeLast is take at the end: what was cut is no failure of the receiver, and
// what failed is tried again after the next start.
func (s *sender) takeLast(r result) {
	s.running--
	r.queue.trying = false
	if r.err == nil {
		s.counts.Delivered()
		s.backlog.settle(r.queue)
	}
}

func (s *sender) closeIdle() { closeIdleConnections(s.conn.rt) }

// setGauges sets the gauges.
func (s *sender) setGauges() {
	pending, oldest := s.backlog.pending()
	lag := time.Duration(0)
	if !oldest.IsZero() {
		lag = max(0, s.now().Sub(oldest))
	}
	s.counts.Set(pending, s.dead, lag)
}
