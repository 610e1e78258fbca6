//go:build linux

package load

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// crowd runs a Crowd.
type crowd struct {
	Crowd
	loop    *loop
	callers []*caller
	free    []*caller     // of an open loop: who waits for its turn
	due     time.Time     // of an open loop: when the next request is
	late    []time.Time   // of an open loop: requests that nobody was free for
	next    int           // of Requests
	waiting int           // requests without an answer
	gap     time.Duration // of an open loop: between two requests
	ended   bool          // no request is sent any more
	counts  bool          // within the window
	all     int           // answers, also outside of it
	now     func() time.Time
	tally   Tally
	took    histogram
	failed  error
}

// tooMany is when a run ends in which connections fail.
const tooMany = 1000

func (l *loop) crowd(c Crowd) (*crowd, error) {
	r := &crowd{Crowd: c, loop: l, now: time.Now}
	for range c.Connections {
		k := &caller{crowd: r, buf: make([]byte, 32<<10)}
		if err := k.connect(); err != nil {
			return r, err
		}
		r.callers = append(r.callers, k)
	}
	if c.Rate > 0 {
		r.gap = time.Second / time.Duration(c.Rate)
		r.free = append(r.free, r.callers...)
		r.due = r.now()
		return r, nil
	}
	for _, k := range r.callers {
		k.send(r.now())
	}
	return r, nil
}

// window begins to count.
func (r *crowd) window() {
	r.counts, r.tally, r.took = true, Tally{}, histogram{}
}

// close ends the counting and returns what was counted.
func (r *crowd) close() Tally {
	r.counts, r.ended = false, true
	t := r.tally
	t.P50, t.P99, t.Max = r.took.quantile(0.50), r.took.quantile(0.99), r.took.max
	return t
}

// leave closes the connections.
func (r *crowd) leave() {
	for _, k := range r.callers {
		if k.fd > 0 {
			r.loop.leave(k.fd)
		}
	}
}

// send gives every request that is due to a free connection.
func (r *crowd) send() {
	if r.Rate == 0 || r.ended {
		return
	}
	for now := r.now(); !now.Before(r.due); r.due = r.due.Add(r.gap) {
		if len(r.free) == 0 {
			r.late = append(r.late, r.due)
			continue
		}
		k := r.free[len(r.free)-1]
		r.free = r.free[:len(r.free)-1]
		k.send(r.due)
	}
}

// goOn is called with a connection whose answer is there.
func (r *crowd) goOn(k *caller, now time.Time) {
	switch {
	case r.ended:
	case r.Rate == 0:
		k.send(now)
	case len(r.late) > 0:
		due := r.late[0]
		r.late = r.late[1:]
		k.send(due)
	default:
		r.free = append(r.free, k)
	}
}

// caller is one connection of a crowd.
type caller struct {
	crowd *crowd
	fd    int
	buf   []byte
	n     int
	since time.Time // of the request that waits for its answer
	busy  bool
}

func (k *caller) connect() error {
	fd, err := dial(k.crowd.Addr)
	if err != nil {
		return err
	}
	k.fd, k.n = fd, 0
	return k.crowd.loop.join(fd, k)
}

func (k *caller) send(since time.Time) {
	r := k.crowd
	request := r.Requests[r.next]
	if r.next++; r.next == len(r.Requests) {
		r.next = 0
	}
	k.since, k.busy = since, true
	r.waiting++
	if n, err := write(k.fd, request); err != nil || n < len(request) {
		k.broke(fmt.Errorf("sending: %d bytes of %d, %w", n, len(request), err))
	}
}

func (k *caller) readable() {
	n, err := read(k.fd, k.buf[k.n:])
	if err == unix.EAGAIN {
		return
	}
	if err != nil || n == 0 {
		k.broke(fmt.Errorf("receiving: %d bytes, %w", n, err))
		return
	}
	k.n += n
	head, body, wire, whole := framing(k.buf[:k.n], true)
	if !whole {
		if k.n == len(k.buf) {
			k.broke(fmt.Errorf("an answer of more than %d bytes", len(k.buf)))
		}
		return
	}
	now := k.crowd.now()
	k.judge(head, body, now.Sub(k.since), k.n > head+wire)
	k.n, k.busy = 0, false
	k.crowd.waiting--
	k.crowd.goOn(k, now)
}

// judge counts an answer.
func (k *caller) judge(head, body int, took time.Duration, more bool) {
	r := k.crowd
	status := 0
	if head > 12 {
		for _, c := range k.buf[9:12] {
			status = status*10 + int(c-'0')
		}
	}
	right := k.busy && !more && status == r.WantStatus && (r.WantLength < 0 || body == r.WantLength)
	if !right && r.tally.FirstWrong == "" {
		r.tally.FirstWrong = fmt.Sprintf("%.600s", k.buf[:k.n])
	}
	r.all++
	switch {
	case !r.counts:
	case right:
		r.tally.Requests++
		r.took.add(took)
	default:
		r.tally.Wrong++
	}
}

// broke replaces a connection that failed. A peer may close one that is idle.
func (k *caller) broke(err error) {
	r := k.crowd
	r.loop.leave(k.fd)
	k.fd = 0
	if k.busy {
		k.busy = false
		r.waiting--
		r.tally.Broken++
		if r.tally.FirstWrong == "" {
			r.tally.FirstWrong = err.Error()
		}
		if r.tally.Broken > tooMany {
			r.failed = fmt.Errorf("%d requests failed, the first: %s", r.tally.Broken, r.tally.FirstWrong)
			return
		}
	}
	if r.ended {
		return
	}
	if r.failed = k.connect(); r.failed == nil {
		r.goOn(k, r.now())
	}
}
