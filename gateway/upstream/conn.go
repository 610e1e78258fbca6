package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"time"

	"scopegate/gateway/rawio"
)

// conn is one connection to an endpoint. One trip at a time uses it.
type conn struct {
	endpoint *endpoint
	socket   net.Conn
	stream   net.Conn        // the socket, or TLS over it
	raw      syscall.RawConn // of a plain socket; nil: read the stream
	peek     syscall.RawConn // of the socket; nil: cannot be looked at
	kept     bool            // it has carried an exchange before

	idleSince int64 // as of Upstream.now
	armed     int64 // the read deadline, as of Upstream.now
}

// dial connects and, where the endpoint wants it, makes TLS, both within ctx.
func (e *endpoint) dial(ctx context.Context) (*conn, error) {
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, e.Network, e.Address)
	if err != nil {
		return nil, err
	}
	c := newConn(e, socket)
	if e.tls == nil {
		return c, nil
	}
	secure := tls.Client(c.stream, e.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.close()
		return nil, err
	}
	c.stream, c.raw = secure, nil
	return c, nil
}

func newConn(e *endpoint, socket net.Conn) *conn {
	c := &conn{endpoint: e, socket: socket, stream: rawio.Wrap(socket)}
	if s, ok := socket.(syscall.Conn); ok && rawSockets {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw, c.peek = raw, raw
		}
	}
	return c
}

// close ends the connection; what waits on it returns. TLS gets no farewell:
// the connection is dropped because nothing more is wanted of it.
func (c *conn) close() { c.socket.Close() }

// arm sets the read deadline to at, unless the one that is set will do: a
// little too early is early enough, since a lapsed deadline only makes the
// trip look at the clock. So a busy connection sets a timer now and then, not
// for each wait.
func (c *conn) arm(u *Upstream, now, at int64) {
	if c.armed <= at && c.armed-now >= int64(patience)/3 {
		return
	}
	c.armed = at
	c.socket.SetReadDeadline(u.epoch.Add(time.Duration(at)))
}
