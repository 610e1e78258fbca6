package wire

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
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
)

// Front serves one listener. Its fields are set before Serve and not changed.
type Front struct {
	Pipeline Pipeline
	// Reserved says which paths are not the pipeline's but Fixed's.
	Reserved func(path string) bool
	// Fixed answers requests for reserved paths: GET and POST, of paths that need
	// no decoding, with bodies that fit the buffer. It may not use request or
	// writer once it has returned; an answer is sent whole then. For all others,
	// and where it is nil, connections are handed over.
	Fixed http.Handler
	Log   *slog.Logger
	Open  *metrics.Level // connections that this front holds

	HeadTimeout  time.Duration // for a head once begun; 0: DefaultHeadTimeout
	IdleTimeout  time.Duration // without a request, from its beginning; 0: DefaultIdleTimeout
	BodyTimeout  time.Duration // silence within a body; 0: DefaultBodyTimeout
	WriteTimeout time.Duration // for one write, at least half of it is given; 0: DefaultWriteTimeout

	lookAfter time.Duration // see conn.ready
	newGrace  time.Duration // see newGrace

	handed   chan net.Conn
	stopping chan struct{} // closed when the listener is
	closed   chan struct{} // closed when nothing more is handed over
	draining atomic.Bool   // every answer ends its connection
	drained  atomic.Bool   // connections without a request end
	mu       sync.Mutex
	conns    map[*conn]struct{}
	listener net.Listener
	serving  sync.WaitGroup // Serve
	running  sync.WaitGroup // connections
	once     sync.Once
	base     context.Context
	request  *http.Request // what those that Fixed gets have in common
	cancel   context.CancelFunc
}

func (f *Front) init() {
	f.once.Do(func() {
		orDefault(&f.HeadTimeout, DefaultHeadTimeout)
		orDefault(&f.IdleTimeout, DefaultIdleTimeout)
		orDefault(&f.BodyTimeout, DefaultBodyTimeout)
		orDefault(&f.WriteTimeout, DefaultWriteTimeout)
		orDefault(&f.lookAfter, lookAfter)
		orDefault(&f.newGrace, newGrace)
		f.handed, f.stopping, f.closed = make(chan net.Conn), make(chan struct{}), make(chan struct{})
		f.conns = map[*conn]struct{}{}
		f.base, f.cancel = context.WithCancel(context.Background())
		f.request = (&http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(f.base)
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
	if !f.begin(l) {
		_ = l.Close()
		return net.ErrClosed
	}
	defer f.serving.Done()
	var pause time.Duration
	for {
		c, err := l.Accept()
		if err == nil {
			pause = 0
			f.start(c)
			continue
		}
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
		case <-f.stopping:
		}
	}
}

func (f *Front) begin(l net.Listener) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.draining.Load() {
		return false
	}
	f.listener = l
	f.serving.Add(1)
	return true
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
		f.running.Go(func() { f.handOver(nc) })
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
	f.running.Go(func() {
		next := c.run()
		f.mu.Lock()
		delete(f.conns, c)
		f.mu.Unlock()
		f.Open.Dec()
		if next != nil {
			f.handOver(next)
		}
	})
}

// Handover returns the listener whose connections are those that this front
// does not understand. It is closed by Shutdown.
func (f *Front) Handover() net.Listener {
	f.init()
	return handover{f}
}
