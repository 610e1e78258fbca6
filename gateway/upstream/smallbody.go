package upstream

import (
	"errors"
	"io"

	"scopegate/gateway/exchange"
)

// smallBody is how many bytes of a body are sent with the head, in one write.
const smallBody = 8 << 10

// takeBody reads a small body before any endpoint is bothered: one of known
// length, or one that has come already. It then goes out with the head, and
// can be sent again.
func (t *trip) takeBody() error {
	req := t.req
	if req.Upgrade != "" && (req.Upgrade != "websocket" || req.Body != nil || req.Method != "GET") {
		return badHead(errors.New("an upgrade to anything but websocket, or with a body"))
	}
	switch {
	case req.Body == nil:
		return nil
	case req.BodyLength < 0:
		if a, ok := req.Body.(exchange.Arriver); !ok || !a.Arrived() {
			return nil
		}
	case t.streams():
		return nil
	}
	if t.bodyRoom == nil {
		t.bodyRoom = make([]byte, chunkBefore+smallBody+chunkAfter)
	}
	t.clock = 0
	if req.BodyLength < 0 {
		return t.takeArrived()
	}
	t.body = t.bodyRoom[:req.BodyLength]
	if _, err := io.ReadFull(req.Body, t.body); err != nil {
		return bodyFailure(err)
	}
	return nil
}

// takeArrived reads up to smallBody of a body of unknown length. If its end is
// not there, what was read goes out with the head and the rest is streamed.
func (t *trip) takeArrived() error {
	room := t.bodyRoom[chunkBefore : chunkBefore+smallBody]
	n := 0
	for n < len(room) && !t.whole {
		read, err := t.req.Body.Read(room[n:])
		n += read
		if t.whole = errors.Is(err, io.EOF); err != nil && !t.whole {
			return bodyFailure(err)
		}
	}
	t.body = frameChunk(t.bodyRoom, n, t.whole)
	return nil
}

// streams reports whether the body, or what is left of it, is sent while it
// comes.
func (t *trip) streams() bool {
	return t.req.Body != nil && !t.whole && (t.req.BodyLength < 0 || t.req.BodyLength > smallBody)
}
