// Package yield lets work that comes in crowds give way to requests.
//
// Go's scheduler runs whoever can run in turn, and asks the poller who else
// can only when nobody is left. A crowd of goroutines that keep a processor
// busy therefore makes every request wait for a whole round of it, and that
// for each time the request waits for a socket. A Poller makes one goroutine
// wait until the poller was asked; a Turnstile lets a few of a crowd pass
// between two such waits.
//
// It refuses to know what the work is.
package yield
