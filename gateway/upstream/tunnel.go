package upstream

import (
	"context"
	"errors"
	"io"
	"time"

	"scopegate/gateway/exchange"
)

// aliveEvery is how often a tunnel asks whether its principal may still use
// it: it must close within a second of the token's end, as README promises.
const aliveEvery = 500 * time.Millisecond

var errTunnelEnded = errors.New("the tunnel's principal may not use it any longer")

// tunnel answers the upstream's 101 and relays both ways until a side ends,
// the principal may no longer, or ctx ends. Nothing that the caller sent
// behind its request has reached the upstream before (STANDARDS H-35).
func (t *trip) tunnel(ctx context.Context) error {
	t.endWatch()
	t.editHead()
	down, err := t.answer.Tunnel(append(t.response.Fields,
		exchange.Field{Name: "Connection", Value: "Upgrade"},
		exchange.Field{Name: "Upgrade", Value: "websocket"}))
	if err != nil {
		return gone(err)
	}
	t.c.socket.SetDeadline(time.Time{})
	ended := make(chan struct{}, 2)
	go func() {
		t.outcome.Bytes = relay(down, t.c.stream, t.buf, t.buf[t.r:t.w])
		ended <- struct{}{}
	}()
	go func() {
		buf := senderBuffers.Get().(*[bufferSize]byte)
		defer senderBuffers.Put(buf)
		relay(t.c.stream, down, buf[:], nil)
		ended <- struct{}{}
	}()
	running := 2
	t.outcome.Err = t.attend(ctx, ended, &running)
	down.Close()
	t.c.close()
	for ; running > 0; running-- {
		<-ended
	}
	return nil
}

// attend returns when a tunnel is to be closed, with the reason if that is not
// one of the two sides.
func (t *trip) attend(ctx context.Context, ended <-chan struct{}, running *int) error {
	ticker := time.NewTicker(aliveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			*running--
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			if t.req.Alive != nil && !t.req.Alive() {
				return errTunnelEnded
			}
		}
	}
}

// relay copies what was read already, and then from src, until a side ends.
func relay(dst io.Writer, src io.Reader, buf, ready []byte) (passed int64) {
	for {
		if len(ready) > 0 {
			n, err := dst.Write(ready)
			passed += int64(n)
			if err != nil {
				return passed
			}
		}
		n, err := src.Read(buf)
		if n == 0 && err != nil {
			return passed
		}
		ready = buf[:n]
	}
}
