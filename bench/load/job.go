//go:build linux

package load

import "time"

// Crowd is a number of connections that send requests to one address.
type Crowd struct {
	Addr        string
	Connections int
	Requests    [][]byte // taken in turn, each a whole HTTP/1.1 message
	Rate        int      // requests a second over all connections; 0 for a closed loop
	WantStatus  int
	WantLength  int // of the body; negative for any
}

// Job is what one measurement does: all crowds at once.
type Job struct {
	Crowds []Crowd
	Warmup time.Duration // before the window, not counted
	Window time.Duration
	PIDs   []int // whose processor time counts within the window
}

// Tally is what one crowd got within the window.
type Tally struct {
	Requests   int    // answered as wanted
	Wrong      int    // answered otherwise
	Broken     int    // not answered: the connection failed
	FirstWrong string // what the first of these was
	P50, P99   time.Duration
	Max        time.Duration
	All        int // answers read from the first connection to the last, also outside of the window
}

// Report is what a Job found.
type Report struct {
	Tallies []Tally
	Elapsed time.Duration
	CPU     time.Duration // of Job.PIDs
	Idle    time.Duration // that the loop waited, closed loops only: none means the load was the limit
	Error   string        // if not empty, nothing else holds
}
