package upstream

import (
	"errors"
	"io"
	"time"
)

// readStream is read for connections that are used through net.Conn: TLS.
// It cannot tell whether a read would wait, so it always flushes before.
func (t *trip) readStream() (int, error) {
	if len(t.rest) > 0 {
		if err := t.writeHead(); err != nil {
			return 0, err
		}
	}
	if err := t.beforeWait(); err != nil {
		return 0, err
	}
	n, err := t.c.stream.Read(t.buf[t.w:])
	if n > 0 || errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// writeHead sends t.rest first on a connection, unless that has gone stale.
func (t *trip) writeHead() error {
	if t.c.kept && !t.sent && t.c.stale() {
		return errStale
	}
	return t.writeRest()
}

// writeRest sends t.rest and waits for the endpoint to take it.
func (t *trip) writeRest() error {
	t.c.socket.SetWriteDeadline(time.Now().Add(orDefault(t.req.IdleTimeout, t.u.options.Idle)))
	n, err := t.c.stream.Write(t.rest)
	t.sent = t.sent || n > 0 || t.c.raw == nil
	t.rest = nil
	if err != nil {
		return err
	}
	return t.c.socket.SetWriteDeadline(time.Time{})
}
