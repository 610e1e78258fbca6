package wire

import (
	"time"

	"scopegate/gateway/exchange"
)

// Head is what ReadHead found besides the exchange.
type Head struct {
	Length int
	Body   int64
	Close  bool
}

// The verdicts of ReadHead.
const (
	Complete = "complete"
	Partial  = "partial"
	Foreign  = "foreign"
)

// BufferSize is the longest head that the front reads.
const BufferSize = bufferSize

// ReadHead shows readHead to tests.
func ReadHead(b []byte, x *exchange.Exchange) (Head, string) {
	h, v := readHead(b, x)
	return Head{h.length, h.body, h.close}, [...]string{complete: Complete, partial: Partial, foreign: Foreign}[v]
}

// ForgiveNew sets how long a new connection may take for its first request
// once the front is drained. It is called before the front is run.
func (f *Front) ForgiveNew(d time.Duration) { f.newGrace = d }

// NeverLook makes a front see of a resting connection only what the poller
// tells. It is called before the front is run.
func (f *Front) NeverLook() { f.lookAfter = time.Hour }
