package exchange

import (
	"io"
	"net/netip"
	"time"
)

// Field is one field line as it stood on the wire: name in its own spelling,
// value without surrounding white space.
//
// Lifetime: a front may lend texts that lie in its read buffer. They are good
// until the exchange ends; whoever keeps one longer clones it (strings.Clone).
type Field struct {
	Name  string
	Value string
}

// Proto is the version that the caller spoke.
type Proto uint8

// The versions that fronts accept.
const (
	HTTP10 Proto = iota + 1
	HTTP11
	HTTP2
)

// String returns the version as Via names it (RFC 9110 section 7.6.3).
func (p Proto) String() string {
	switch p {
	case HTTP10:
		return "1.0"
	case HTTP2:
		return "2"
	default:
		return "1.1"
	}
}

// UnknownLength is the length of a body that ends when it ends.
const UnknownLength int64 = -1

// Exchange is one request, and the Answer to it. It is used by one goroutine
// at a time and is dead once the front's handler returned; fronts reuse it.
type Exchange struct {
	Method string
	// Path and Query are the target as received, byte for byte: Path up to the
	// first "?", Query what follows it (HasQuery tells "/a?" from "/a").
	// An absolute-form target was split into Scheme, Authority and these.
	Path     string
	Query    string
	HasQuery bool
	// TargetAuthority is the authority of an absolute-form target, or empty.
	TargetAuthority string
	// Host is the value of the one Host field, or HTTP/2's :authority.
	Host  string
	Proto Proto
	TLS   bool // the caller's connection is encrypted
	Peer  netip.AddrPort

	// Fields are all field lines in order, without Host and without HTTP/2
	// pseudo fields. Framing fields (Content-Length, Transfer-Encoding) may be
	// among them as received; Body and BodyLength rule.
	Fields []Field
	// Body is the request's content, decoded from its framing; nil if there is
	// none. Reading it may make the front send 100 (Continue).
	Body io.Reader
	// BodyLength is the content's length in bytes, UnknownLength for chunked.
	BodyLength int64
	// Upgrade is the one protocol that an upgrade request names (RFC 9110
	// section 7.8), in lower case, or empty.
	Upgrade string

	Start  time.Time // when the head had been read
	Answer Answer
}

// Answer is where an exchange's answer is written: interim answers, then
// Begin, any number of Writes, then End or Abort. Each exchange gets exactly
// one final answer; a second Begin is an error.
type Answer interface {
	// Interim sends a 1xx other than 101; callers of HTTP/1.0 do not see it.
	Interim(status int, fields []Field) error
	// Begin starts the final answer. Fields are written in order and spelling,
	// without framing: the front frames by length (UnknownLength: until End)
	// and drops Content-Length, Transfer-Encoding, Connection and Keep-Alive.
	// A HEAD answer and a 304 may declare a length and write nothing. The head
	// may stay in a buffer until Flush, End or enough content. The fields of
	// Begin, Interim and Tunnel are lent until the call returns: they lie in
	// the upstream's read buffer.
	Begin(status int, fields []Field, length int64) error
	// Write sends content of the final answer.
	Write(p []byte) (int, error)
	// Flush sends what is buffered.
	Flush() error
	// End completes the answer. Less content than was declared is an error and
	// cuts the connection.
	End() error
	// Abort makes the caller see that the answer is not whole: it cuts the
	// connection or resets the stream.
	Abort()
	// Began reports whether Begin was called.
	Began() bool
	// CloseAfter makes the connection end after this answer.
	CloseAfter()
	// Watch returns a channel that is closed when the caller has left, and
	// begins to watch for it. Upstreams call it only when a wait gets long, so
	// that the common request pays nothing. The watch ends with the exchange.
	Watch() <-chan struct{}
	// Tunnel answers 101 with the fields and hands over the raw connection,
	// with what was already read of it. The caller must close it.
	Tunnel(fields []Field) (Tunnel, error)
}

// Tunnel is a connection that left HTTP behind.
type Tunnel interface {
	io.ReadWriteCloser
	// SetDeadline bounds reads and writes, as of net.Conn.
	SetDeadline(t time.Time) error
}

// Reset clears the exchange for reuse and keeps the Fields' memory.
func (x *Exchange) Reset() {
	fields := x.Fields[:0]
	*x = Exchange{Fields: fields}
}
