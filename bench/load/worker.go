//go:build linux

package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"scopegate/bench/proc"
)

// order is what the conductor asks of the worker; one of the two.
type order struct {
	Tokens []string // that the upstream knows from now on
	Job    *Job
}

// hello is the worker's first line.
type hello struct{ Upstream string }

// Work is the worker: it serves the upstream for as long as orders last, one
// JSON value each, and answers each with a Report.
func Work(orders io.Reader, answers io.Writer) error {
	runtime.LockOSThread()
	l, err := newLoop()
	if err != nil {
		return err
	}
	u, addr, err := newUpstream(l)
	if err != nil {
		return err
	}
	in, err := newInbox(l, orders)
	if err != nil {
		return err
	}
	out := json.NewEncoder(answers)
	if err := out.Encode(hello{addr}); err != nil {
		return err
	}
	for {
		o, ok, came := in.take()
		for ; !came; o, ok, came = in.take() {
			if err := l.turn(-1); err != nil {
				return err
			}
		}
		if !ok {
			return in.err
		}
		for _, token := range o.Tokens {
			u.tokens[token] = struct{}{}
		}
		var report Report
		if o.Job != nil {
			if report, err = l.run(o.Job); err != nil {
				report = Report{Error: err.Error()}
			}
		}
		if err := out.Encode(report); err != nil {
			return err
		}
	}
}

// run does a Job.
func (l *loop) run(job *Job) (Report, error) {
	var crowds []*crowd
	defer func() {
		for _, r := range crowds {
			r.leave()
		}
	}()
	for _, c := range job.Crowds {
		r, err := l.crowd(c)
		crowds = append(crowds, r)
		if err != nil {
			return Report{}, err
		}
	}
	if err := l.until(crowds, job.Warmup); err != nil {
		return Report{}, err
	}
	cpu, err := proc.CPU(job.PIDs)
	if err != nil {
		return Report{}, err
	}
	start := time.Now()
	for _, r := range crowds {
		r.window()
	}
	l.idle = 0
	if err := l.until(crowds, job.Window); err != nil {
		return Report{}, err
	}
	report := Report{Elapsed: time.Since(start), Idle: l.idle}
	after, err := proc.CPU(job.PIDs)
	if err != nil {
		return Report{}, err
	}
	report.CPU = after - cpu
	for _, r := range crowds {
		report.Tallies = append(report.Tallies, r.close())
	}
	err = l.drain(crowds)
	for i, r := range crowds {
		report.Tallies[i].All = r.all
	}
	return report, err
}

// until turns the loop for a while. With an open loop among the crowds it
// never sleeps: a timer would add its own lateness to what is measured.
func (l *loop) until(crowds []*crowd, d time.Duration) error {
	timeout := 50
	for _, r := range crowds {
		if r.Rate > 0 {
			timeout = 0
		}
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := l.turn(timeout); err != nil {
			return err
		}
		for _, r := range crowds {
			r.send()
			if r.failed != nil {
				return r.failed
			}
		}
	}
	return nil
}

// drain waits for the answers that are still out, two seconds at most, so
// that no request of one job runs into the next.
func (l *loop) drain(crowds []*crowd) error {
	for end := time.Now().Add(2 * time.Second); ; {
		out := 0
		for _, r := range crowds {
			out += r.waiting
		}
		if out == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d requests have no answer after two seconds", out)
		}
		if err := l.turn(50); err != nil {
			return err
		}
	}
}

// inbox rings a bell in the loop when an order came.
type inbox struct {
	bell   int // an eventfd
	orders chan order
	err    error // once orders is closed
}

func newInbox(l *loop, from io.Reader) (*inbox, error) {
	bell, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	in := &inbox{bell: bell, orders: make(chan order, 1)}
	go in.receive(json.NewDecoder(from))
	return in, l.join(bell, in)
}

func (in *inbox) receive(from *json.Decoder) {
	for {
		var o order
		err := from.Decode(&o)
		if err == nil {
			in.orders <- o
		} else {
			if !errors.Is(err, io.EOF) {
				in.err = err
			}
			close(in.orders)
		}
		_, _ = unix.Write(in.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
		if err != nil {
			return
		}
	}
}

func (in *inbox) readable() {
	var count [8]byte
	_, _ = unix.Read(in.bell, count[:])
}

// take returns an order if one came; ok is false once there are no more. It
// never waits: the upstream has to be served meanwhile, and the bell of an
// order may ring when that is done already.
func (in *inbox) take() (o order, ok, came bool) {
	select {
	case o, ok = <-in.orders:
		return o, ok, true
	default:
		return order{}, true, false
	}
}
