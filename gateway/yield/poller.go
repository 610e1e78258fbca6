package yield

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// Poller makes the scheduler ask the poller: whoever yields sends itself
// something, of which the poller tells as of any request that came.
type Poller struct {
	mu     sync.Mutex // one goroutine at a time waits
	signal *signal
	raw    syscall.RawConn
	step   func(fd uintptr) (done bool) // receive, made once
	sent   bool                         // since Yield began
}

// signal is what a Poller sends itself.
type signal struct {
	waits, sends *os.File // may be the same
	one          []byte   // what is sent
}

// NewPoller returns a Poller. It holds a descriptor or two until Close.
func NewPoller() (*Poller, error) {
	s, err := newSignal()
	if err != nil {
		return nil, fmt.Errorf("yield: %w", err)
	}
	p := &Poller{signal: s}
	p.step = p.receive
	if p.raw, err = s.waits.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("yield: %w", err), p.Close())
	}
	return p, nil
}

// Close gives the descriptors back. Yield returns at once from then on.
func (p *Poller) Close() error {
	err := p.signal.waits.Close()
	if p.signal.sends != p.signal.waits {
		err = errors.Join(err, p.signal.sends.Close())
	}
	return err
}

// Yield returns after those have run that can run now, and after the poller
// was asked for more. It takes some 1.5 us where there are none.
func (p *Poller) Yield() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = false
	_ = p.raw.Read(p.step) // fails after Close
}

// receive is called before the wait, when it sends, and after it.
func (p *Poller) receive(fd uintptr) (done bool) {
	if p.sent {
		return p.signal.taken(fd)
	}
	p.sent = true
	_, err := p.signal.sends.Write(p.signal.one)
	return err != nil
}
