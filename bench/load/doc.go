//go:build linux

// Package load makes the requests and answers them: a single-threaded epoll
// loop that is both the callers in front of a proxy and the fixed upstream
// behind it. It runs in a process of its own (see Work), so that the program
// that conducts the measurement costs nothing while it lasts.
//
// One loop for both keeps the cost of a request low enough that the proxy is
// what saturates. Callers are a closed loop, each of a number of keep-alive
// connections sending its next request when the answer is there, or an open
// loop at a fixed rate, where a latency counts from the moment at which the
// request was due and so a stall is not forgotten.
//
// It refuses to know what is measured: it is given bytes to send and checks
// status and length of what comes back.
package load
