package webhook

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"scopegate/authz"
	"scopegate/metrics"
)

// Dispatcher has a sender for each webhook. Set says which there are; nothing
// is delivered before Run.
type Dispatcher struct {
	Store   authz.Store
	Metrics *metrics.Metrics
	Log     *slog.Logger
	Now     func() time.Time // of timestamps and retries
	// Spread moves retries, from 0 to 1; nil: random.
	Spread func() float64
	// Transport makes the connection to a receiver; nil: over the network.
	Transport func(*Hook) http.RoundTripper

	mu      sync.Mutex
	senders map[string]*sender
	leaving map[string]*sender // stopped, perhaps not at their end
	ended   bool               // none is started any more
	ctx     context.Context    // that of Run, for senders that Set starts
}

// Set makes these the webhooks, all anew. One that stays goes on with what it
// has; a new one begins with what happens from now on, unless it was there
// before and left its place; one that goes keeps its place and its dead letters.
func (d *Dispatcher) Set(ctx context.Context, hooks []*Hook) {
	d.mu.Lock()
	defer d.mu.Unlock()
	begin, err := d.Store.LastSeq(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "the end of the control log cannot be read; new webhooks begin with all that it holds", "error", err)
	}
	names := make([]string, 0, len(hooks))
	for _, h := range hooks {
		names = append(names, h.Name)
		if s := d.senders[h.Name]; s != nil {
			s.hook.Store(h)
			s.nudge()
			continue
		}
		d.add(h, begin)
	}
	for name, s := range d.senders {
		if slices.Contains(names, name) {
			continue
		}
		delete(d.senders, name)
		if s.stop != nil {
			s.stop()
			d.leaving[name] = s
		}
	}
	d.Metrics.KeepWebhooks(names)
}

// add makes a sender, and starts it if the others run.
func (d *Dispatcher) add(h *Hook, begin authz.Seq) {
	s := &sender{
		name: h.Name, store: d.Store, log: d.Log, counts: d.Metrics.Webhook(h.Name), now: d.Now, spread: d.Spread, newTransport: d.Transport,
		begin: begin, wake: make(chan struct{}, 1), calls: make(chan func()), results: make(chan result, width), stopped: make(chan struct{}),
	}
	if s.spread == nil {
		s.spread = rand.Float64
	}
	if s.newTransport == nil {
		s.newTransport = func(h *Hook) http.RoundTripper { return newTransport(h) }
	}
	s.hook.Store(h)
	if d.senders == nil {
		d.senders, d.leaving = map[string]*sender{}, map[string]*sender{}
	}
	if d.ended {
		return
	}
	d.senders[h.Name] = s
	if d.ctx != nil {
		d.start(s)
	}
}

// start runs a sender once the one before it under the same name has ended.
func (d *Dispatcher) start(s *sender) {
	before := d.leaving[s.name]
	delete(d.leaving, s.name)
	var ctx context.Context
	ctx, s.stop = context.WithCancel(d.ctx)
	go func() {
		if before != nil {
			<-before.stopped
		}
		s.run(ctx)
	}()
}

// Run delivers until ctx ends, and returns when all senders have ended, within
// a few seconds.
func (d *Dispatcher) Run(ctx context.Context) {
	d.mu.Lock()
	d.ctx = ctx
	for _, s := range d.senders {
		d.start(s)
	}
	d.mu.Unlock()
	<-ctx.Done()
	for _, s := range d.end() {
		<-s.stopped
	}
}

// end returns the senders that run, and sees to it that none is started any more.
func (d *Dispatcher) end() []*sender {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	return append(slices.Collect(maps.Values(d.senders)), slices.Collect(maps.Values(d.leaving))...)
}

// Wake says that the control log has grown. It never waits.
func (d *Dispatcher) Wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.senders {
		s.nudge()
	}
}

func (s *sender) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}
