package upstream

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/gateway/exchange"
)

// The phases of a sender.
const (
	phaseReading int32 = iota // waits for the caller
	phaseWriting              // waits for the endpoint
	phaseLast                 // sends the last bytes
)

// lastWait bounds the wait for the last bytes of a request to be taken, once
// its answer is complete.
const lastWait = time.Second

// sender streams a request's body to an endpoint beside the trip, which reads
// the answer: an answer may come before the body's end. The trip starts it and
// waits for its end. A nil sender is one that has sent all.
type sender struct {
	body   io.Reader
	left   int64 // of a known length; exchange.UnknownLength: sent chunked
	stream net.Conn
	socket net.Conn
	now    func() int64

	phase    atomic.Int32
	progress atomic.Int64 // when bytes last moved
	stop     atomic.Bool
	ended    chan struct{}

	endedAt  atomic.Int64 // 0: it runs
	bodyErr  error        // these are good once ended is closed
	writeErr error
	broken   bool // bodyErr came from the body, not from a stop
}

// Room for a chunk's size before the data, and for what follows it.
const (
	chunkBefore = 10
	chunkAfter  = len("\r\n0\r\n\r\n")
)

var senderBuffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func (t *trip) startSender() {
	s := &sender{
		body: t.req.Body, left: t.req.BodyLength, stream: t.c.stream, socket: t.c.socket,
		now: t.u.now, ended: make(chan struct{}),
	}
	s.progress.Store(s.now())
	t.sender = s
	go s.run()
}

func (s *sender) run() {
	defer close(s.ended)
	defer func() { s.endedAt.Store(s.now()) }()
	buf := senderBuffers.Get().(*[bufferSize]byte)
	defer senderBuffers.Put(buf)
	for last := false; !last; {
		out, err := s.next(buf[:])
		if err != nil {
			s.bodyErr, s.broken = err, !s.stop.Load()
			if s.broken {
				s.socket.Close() // the request cannot become whole
			}
			return
		}
		last = s.phase.Load() == phaseLast
		if s.stop.Load() {
			s.bodyErr = errors.New("the answer came before the body's end")
			return
		}
		if _, err := s.stream.Write(out); err != nil {
			s.writeErr = err
			return
		}
		s.progress.Store(s.now())
	}
}

// next reads a piece of the body and frames it. It sets the phase to last
// with the body's last piece.
func (s *sender) next(buf []byte) ([]byte, error) {
	s.phase.Store(phaseReading)
	room := buf[chunkBefore : len(buf)-chunkAfter]
	if s.left >= 0 && s.left < int64(len(room)) {
		room = room[:s.left]
	}
	n, err := s.body.Read(room)
	s.progress.Store(s.now())
	end := errors.Is(err, io.EOF)
	if err != nil && !end {
		return nil, err
	}
	if s.left >= 0 {
		if s.left -= int64(n); end && s.left > 0 {
			return nil, io.ErrUnexpectedEOF
		}
		s.enter(s.left == 0)
		return room[:n], nil
	}
	s.enter(end)
	return frameChunk(buf, n, end), nil
}

func (s *sender) enter(last bool) {
	if last {
		s.phase.Store(phaseLast)
	} else {
		s.phase.Store(phaseWriting)
	}
}

// frameChunk puts chunked framing around the n bytes of data that lie behind
// chunkBefore. Trailers are not sent (STANDARDS H-37).
func frameChunk(buf []byte, n int, end bool) []byte {
	from, to := chunkBefore, chunkBefore
	if n > 0 {
		var size [chunkBefore]byte
		line := append(strconv.AppendInt(size[:0], int64(n), 16), '\r', '\n')
		from -= len(line)
		copy(buf[from:], line)
		to += n
		to += copy(buf[to:], "\r\n")
	}
	if end {
		to += copy(buf[to:], "0\r\n\r\n")
	}
	return buf[from:to]
}

// active reports whether the body is still being sent.
func (s *sender) active() bool { return s != nil && s.endedAt.Load() == 0 }

// finished is when the body was sent; 0: there was none.
func (s *sender) finished() int64 {
	if s == nil {
		return 0
	}
	return s.endedAt.Load()
}

// complete reports whether the whole body was sent, once the sender ended.
func (s *sender) complete() bool { return s == nil || s.bodyErr == nil && s.writeErr == nil }

// stopSender ends a sender that has more than its last piece to send, without
// a wait: the answer is there and the rest is of no use. Neither connection
// can then carry another exchange.
func (t *trip) stopSender() {
	s := t.sender
	if !s.active() || s.phase.Load() == phaseLast {
		return
	}
	t.answer.CloseAfter()
	s.halt()
}

func (s *sender) halt() {
	s.stop.Store(true)
	s.socket.SetWriteDeadline(time.Unix(1, 0))
	if i, ok := s.body.(exchange.Interrupter); ok {
		i.Interrupt()
	}
}

// endSender waits for the sender. What it could not read explains why the
// exchange failed.
func (t *trip) endSender(err error) error {
	s := t.sender
	if s.active() && err != nil {
		t.answer.CloseAfter()
		s.halt()
	} else if s.active() {
		s.socket.SetWriteDeadline(time.Now().Add(lastWait))
	}
	<-s.ended
	s.socket.SetWriteDeadline(time.Time{})
	if err != nil && s.broken {
		return bodyFailure(s.bodyErr)
	}
	return err
}
