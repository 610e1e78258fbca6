package upstream

import (
	"io"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// Request is what one exchange sends to a backend. The caller owns it and may
// reuse it once Forward returned.
type Request struct {
	Method string
	Target string // origin-form, byte for byte
	Host   string // empty: the endpoint's own authority
	// Fields are sent in order and spelling, after Host. They hold no Host, no
	// framing and no hop-by-hop field; Forward adds framing and Upgrade.
	Fields []exchange.Field
	// Body is read to its end or not at all, by one goroutine at a time, and
	// not after Forward returned; nil: none. How long a Read may wait for the
	// caller is the front's to bound; see exchange.Interrupter.
	Body       io.Reader
	BodyLength int64  // exchange.UnknownLength: sent chunked
	Upgrade    string // "websocket" where a tunnel may follow, else empty

	ResponseTimeout time.Duration // until the answer's head; 0: the upstream's
	IdleTimeout     time.Duration // silence within a body; 0: the upstream's

	// Alive is asked twice a second while a tunnel runs; false ends it. Nil
	// means that the tunnel needs no principal.
	Alive func() bool
}

// Response is the head of a backend's final answer, before it is passed on.
type Response struct {
	Status int
	// Fields are the end-to-end fields in order and spelling, without framing
	// and hop-by-hop fields. An Editor may replace the slice.
	Fields []exchange.Field
	Length int64 // of the content; exchange.UnknownLength: until it ends
}

// Editor changes the head of the final answer before the caller sees it.
type Editor interface {
	EditResponse(r *Response)
}

// Outcome is what became of an exchange at its upstream.
type Outcome struct {
	// Reason is ReasonNone when a whole answer was passed on; else one of
	// ReasonUpstreamUnavailable, ReasonUpstreamError, ReasonUpstreamTimeout,
	// ReasonOverloaded, ReasonClientGone, ReasonBodyTooLarge, ReasonBadRequest,
	// or ReasonInternal where the permit was not valid.
	Reason authz.Reason
	// Status is the backend's; 0 where there was no answer. When the answer has
	// not begun, the caller of Forward still owes one.
	Status   int
	Bytes    int64         // of content, or of a tunnel, passed on to the caller
	Endpoint string        // which endpoint was used last
	Wait     time.Duration // until the answer's head was there
	Attempts int
	Err      error // for the operator; never for the caller
}
