package wire

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/metrics"
)

// Pipeline judges and answers exchanges: the Gateway.
type Pipeline interface {
	Serve(ctx context.Context, x *exchange.Exchange)
}

// The time-outs where Front does not say otherwise.
const (
	DefaultHeadTimeout  = 10 * time.Second
	DefaultIdleTimeout  = 2 * time.Minute
	DefaultBodyTimeout  = time.Minute
	DefaultWriteTimeout = time.Minute
	// drainGrace is how long a draining front still answers on idle
	// connections, with Connection: close, so that a request on its way when
	// the drain began is not lost.
	drainGrace = 500 * time.Millisecond
)

// Front serves one listener. Its fields are set before Serve and not changed.
type Front struct {
	Pipeline Pipeline
	// Reserved says which paths are not the pipeline's; their connections are
	// handed over.
	Reserved func(path string) bool
	Log      *slog.Logger
	Open     *metrics.Level // connections that this front holds

	HeadTimeout  time.Duration // for a head once begun; 0: DefaultHeadTimeout
	IdleTimeout  time.Duration // between requests, at least half of it is given; 0: DefaultIdleTimeout
	BodyTimeout  time.Duration // silence within a body; 0: DefaultBodyTimeout
	WriteTimeout time.Duration // for one write, at least half of it is given; 0: DefaultWriteTimeout

	handed   chan net.Conn
	draining atomic.Bool
	mu       sync.Mutex
	conns    map[*conn]struct{}
	listener net.Listener
	running  sync.WaitGroup
	once     sync.Once
	closed   chan struct{}
	base     context.Context
	cancel   context.CancelFunc
}

func (f *Front) init() {
	f.once.Do(func() {
		orDefault(&f.HeadTimeout, DefaultHeadTimeout)
		orDefault(&f.IdleTimeout, DefaultIdleTimeout)
		orDefault(&f.BodyTimeout, DefaultBodyTimeout)
		orDefault(&f.WriteTimeout, DefaultWriteTimeout)
		f.handed, f.closed = make(chan net.Conn), make(chan struct{})
		f.conns = map[*conn]struct{}{}
		f.base, f.cancel = context.WithCancel(context.Background())
	})
}

func orDefault(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}

// Serve accepts connections until the listener is closed. It returns
// net.ErrClosed after Shutdown.
func (f *Front) Serve(l net.Listener) error {
	f.init()
	f.mu.Lock()
	f.listener = l
	f.mu.Unlock()
	var pause time.Duration
	for {
		c, err := l.Accept()
		if err != nil {
			if f.draining.Load() || errors.Is(err, net.ErrClosed) {
				return net.ErrClosed
			}
			if !temporary(err) {
				return err
			}
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			f.Log.Warn("accept failed", "error", err, "pause", pause)
			select {
			case <-time.After(pause):
			case <-f.closed:
			}
			continue
		}
		pause = 0
		f.start(c)
	}
}

// temporary tells a shortage, as of descriptors, from a broken listener.
func temporary(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// start gives a connection its goroutine.
func (f *Front) start(nc net.Conn) {
	sock, ok := nc.(socket)
	if !ok {
		f.handOver(nc)
		return
	}
	c, err := newConn(f, sock)
	if err != nil {
		_ = nc.Close()
		return
	}
	f.mu.Lock()
	f.conns[c] = struct{}{}
	f.mu.Unlock()
	f.Open.Inc()
	f.running.Add(1)
	go func() {
		defer f.running.Done()
		next := c.run()
		f.mu.Lock()
		delete(f.conns, c)
		f.mu.Unlock()
		f.Open.Dec()
		if next != nil {
			f.handOver(next)
		}
	}()
}

// Handover returns the listener whose connections are those that this front
// does not understand. It is closed by Shutdown.
func (f *Front) Handover() net.Listener {
	f.init()
	return handover{f}
}

// Shutdown stops accepting, answers what comes on open connections with
// Connection: close, and returns when all connections are closed or ctx ended;
// those left are cut then.
func (f *Front) Shutdown(ctx context.Context) error {
	f.init()
	if f.draining.Swap(true) {
		return nil
	}
	f.mu.Lock()
	listener := f.listener
	f.mu.Unlock()
	grace := time.NewTimer(drainGrace)
	defer grace.Stop()
	select {
	case <-grace.C:
	case <-ctx.Done():
	}
	if listener != nil {
		_ = listener.Close()
	}
	close(f.closed)
	f.each((*conn).closeIfIdle)
	done := make(chan struct{})
	go func() { f.running.Wait(); close(done) }()
	defer f.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	f.cancel()
	f.each((*conn).cut)
	<-done
	return ctx.Err()
}

func (f *Front) each(do func(*conn)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		do(c)
	}
}
