//go:build linux

package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"scopegate/bench/proc"
)

// WorkerArg makes a program that calls MaybeWork the worker.
const WorkerArg = "load-worker"

// MaybeWork turns the program into a worker if it was started as one, and then
// does not return. To be called first in main.
func MaybeWork() {
	work := map[string]func(io.Reader, io.Writer) error{WorkerArg: Work, H2WorkerArg: workH2}
	if len(os.Args) != 2 || work[os.Args[1]] == nil {
		return
	}
	if err := work[os.Args[1]](os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Hand holds a worker: this very program, started again.
type Hand struct {
	Upstream string // the address of the fixed upstream

	process *proc.Process
	orders  *json.Encoder
	answers *json.Decoder
}

// Hire starts a worker on a processor.
func Hire(s *proc.Stage, core int) (*Hand, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, toWorker, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromWorker, out, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close(), toWorker.Close())
	}
	p, err := s.Start(proc.Spec{Name: "load", Core: core, Args: []string{self, WorkerArg}, Stdin: in, Stdout: out})
	// The child has its own.
	err = errors.Join(err, in.Close(), out.Close())
	h := &Hand{process: p, orders: json.NewEncoder(toWorker), answers: json.NewDecoder(fromWorker)}
	var first hello
	if err == nil {
		err = h.answer(&first)
	}
	if err != nil {
		return nil, errors.Join(err, toWorker.Close(), fromWorker.Close())
	}
	h.Upstream = first.Upstream
	return h, nil
}

// Know tells the upstream the tokens that it is to accept at AuthPath.
func (h *Hand) Know(tokens []string) error {
	_, err := h.ask(order{Tokens: tokens})
	return err
}

// Do has a job done.
func (h *Hand) Do(job Job) (Report, error) { return h.ask(order{Job: &job}) }

func (h *Hand) ask(o order) (Report, error) {
	if err := h.orders.Encode(o); err != nil {
		return Report{}, fmt.Errorf("asking the load worker: %w", err)
	}
	var r Report
	if err := h.answer(&r); err != nil {
		return Report{}, err
	}
	if r.Error != "" {
		return Report{}, errors.New(r.Error)
	}
	return r, nil
}

func (h *Hand) answer(to any) error {
	err := h.answers.Decode(to)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the load worker has ended\n%s", h.process.Tail())
	}
	return err
}
