package exchange

import "errors"

// The errors by which a request's Body says why it cannot be read to its end.
// Any other error than io.EOF means that the caller left.
var (
	ErrBodyTooLarge  = errors.New("the body is larger than the route allows")
	ErrBodyMalformed = errors.New("the body's framing is malformed")
)

// Arriver is what a request's Body of unknown length may be besides. Arrived
// reports that the body's end has come, in all likelihood, so that reading up
// to it needs no wait: upstreams then read the body before they send anything,
// and send it along with the head. Where it is wrong, a request may reach the
// backend later than it could, and as it would otherwise.
type Arriver interface {
	Arrived() bool
}

// Interrupter is what a request's Body may be besides. Interrupt may come from
// another goroutine: a Read that waits for the caller returns with an error,
// and so does every later one. Upstreams use it when an answer came before
// the body's end; without it they wait until the Read returns by itself. The
// connection carries no further exchange (Answer.CloseAfter).
type Interrupter interface {
	Interrupt()
}
