package exchangetest

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"scopegate/gateway/exchange"
)

// Head is the head of an interim or final answer.
type Head struct {
	Status int
	Fields []exchange.Field
	Length int64 // of a final one
}

// Answer is an exchange.Answer in memory. Use New; its methods may be called
// from any goroutine.
type Answer struct {
	mu       sync.Mutex
	interims []Head
	head     Head
	content  []byte
	flushed  int // bytes of content that the caller can see
	state    State
	closes   bool
	watched  int
	failure  error
	left     chan struct{}
	leave    sync.Once
	tunnel   exchange.Tunnel
	changed  chan struct{} // closed and renewed with every change
}

// State is how far an answer has come.
type State string

// The states of an answer.
const (
	Nothing  State = "nothing"  // not begun
	Begun    State = "begun"    // in a buffer
	Sent     State = "sent"     // the head is flushed
	Ended    State = "ended"    // whole
	Aborted  State = "aborted"  // cut
	Tunneled State = "tunneled" // left HTTP
)

// New returns an Answer that nothing was written to.
func New() *Answer {
	return &Answer{state: Nothing, left: make(chan struct{}), changed: make(chan struct{})}
}

// OnTunnel makes Tunnel return this end of a connection.
func (a *Answer) OnTunnel(conn net.Conn) { a.set(func() { a.tunnel = conn }) }

// Fail makes every further write return err.
func (a *Answer) Fail(err error) { a.set(func() { a.failure = err }) }

// Leave makes the caller leave: the watch's channel is closed.
func (a *Answer) Leave() { a.leave.Do(func() { close(a.left) }) }

// Interim implements exchange.Answer.
func (a *Answer) Interim(status int, fields []exchange.Field) error {
	return a.change(Nothing, func() error {
		if status < 100 || status > 199 || status == 101 {
			return errors.New("not an interim status")
		}
		a.interims = append(a.interims, Head{Status: status, Fields: clone(fields)})
		return nil
	})
}

// Begin implements exchange.Answer.
func (a *Answer) Begin(status int, fields []exchange.Field, length int64) error {
	return a.change(Nothing, func() error {
		if status < 200 || length < exchange.UnknownLength {
			return errors.New("not a final head")
		}
		a.head, a.state = Head{Status: status, Fields: clone(fields), Length: length}, Begun
		return nil
	})
}

// Write implements exchange.Answer.
func (a *Answer) Write(p []byte) (int, error) {
	err := a.change("", func() error {
		if a.state != Begun && a.state != Sent {
			return errors.New("content outside of an answer")
		}
		if a.head.Length >= 0 && int64(len(a.content)+len(p)) > a.head.Length {
			return errors.New("more content than declared")
		}
		a.content = append(a.content, p...)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush implements exchange.Answer.
func (a *Answer) Flush() error {
	return a.change("", func() error {
		if a.state == Begun {
			a.state = Sent
		}
		a.flushed = len(a.content)
		return nil
	})
}

// End implements exchange.Answer. Only a HEAD, 204 or 304 may have declared
// more than it wrote, and then it wrote nothing.
func (a *Answer) End() error {
	return a.change("", func() error {
		if a.state != Begun && a.state != Sent {
			return errors.New("end outside of an answer")
		}
		if n := int64(len(a.content)); n != 0 && a.head.Length >= 0 && n != a.head.Length {
			return errors.New("less content than declared")
		}
		a.state, a.flushed = Ended, len(a.content)
		return nil
	})
}

// Abort implements exchange.Answer.
func (a *Answer) Abort() { a.set(func() { a.state = Aborted }) }

// Began implements exchange.Answer.
func (a *Answer) Began() bool { return a.State() != Nothing }

// CloseAfter implements exchange.Answer.
func (a *Answer) CloseAfter() { a.set(func() { a.closes = true }) }

// Watch implements exchange.Answer.
func (a *Answer) Watch() <-chan struct{} {
	a.set(func() { a.watched++ })
	return a.left
}

// Tunnel implements exchange.Answer.
func (a *Answer) Tunnel(fields []exchange.Field) (exchange.Tunnel, error) {
	err := a.change(Nothing, func() error {
		if a.tunnel == nil {
			return errors.New("no tunnel was prepared")
		}
		a.head, a.state = Head{Status: 101, Fields: clone(fields)}, Tunneled
		return nil
	})
	return a.tunnel, err
}

// State returns how far the answer has come.
func (a *Answer) State() State { return get(a, func() State { return a.state }) }

// Head returns the final head.
func (a *Answer) Head() Head { return get(a, func() Head { return a.head }) }

// Interims returns the interim heads in order.
func (a *Answer) Interims() []Head { return get(a, func() []Head { return slices.Clone(a.interims) }) }

// Content returns the content, flushed or not.
func (a *Answer) Content() string { return get(a, func() string { return string(a.content) }) }

// Flushed returns the content that the caller can see.
func (a *Answer) Flushed() string {
	return get(a, func() string { return string(a.content[:a.flushed]) })
}

// Closes reports whether CloseAfter was called.
func (a *Answer) Closes() bool { return get(a, func() bool { return a.closes }) }

// Watched returns how often Watch was called.
func (a *Answer) Watched() int { return get(a, func() int { return a.watched }) }

// Await returns once cond holds, and fails the test if it does not within 20
// seconds. cond is asked anew with every change.
func (a *Answer) Await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		changed := get(a, func() chan struct{} { return a.changed })
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// change applies do if the answer is in this state (empty: any).
func (a *Answer) change(state State, do func() error) (err error) {
	a.set(func() {
		switch {
		case a.failure != nil:
			err = a.failure
		case state != "" && a.state != state:
			err = errors.New("the answer is already " + string(a.state))
		default:
			err = do()
		}
	})
	return err
}

func (a *Answer) set(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
	close(a.changed)
	a.changed = make(chan struct{})
}

func get[T any](a *Answer, read func() T) T {
	a.mu.Lock()
	defer a.mu.Unlock()
	return read()
}

// clone copies the fields with their texts, which are lent.
func clone(fields []exchange.Field) []exchange.Field {
	kept := make([]exchange.Field, len(fields))
	for i, f := range fields {
		kept[i] = exchange.Field{Name: strings.Clone(f.Name), Value: strings.Clone(f.Value)}
	}
	return kept
}
