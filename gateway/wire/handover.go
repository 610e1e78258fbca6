package wire

import "net"

// handover is the net.Listener of the connections that net/http serves.
type handover struct{ f *Front }

// Accept waits for the next connection handed over.
func (h handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.f.handed:
		return c, nil
	case <-h.f.closed:
		return nil, net.ErrClosed
	}
}

// Close does nothing: the front closes when it shuts down.
func (handover) Close() error { return nil }

// Addr is the front's address.
func (h handover) Addr() net.Addr {
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	if h.f.listener == nil {
		return &net.TCPAddr{}
	}
	return h.f.listener.Addr()
}

func (f *Front) handOver(c net.Conn) {
	select {
	case f.handed <- c:
	case <-f.closed:
		_ = c.Close()
	}
}

// handed is a connection whose first bytes were read already.
type handed struct {
	socket
	conn  net.Conn // the socket, to read and write
	first []byte
}

// Read returns the bytes already read, then what comes.
func (h *handed) Read(p []byte) (int, error) {
	if len(h.first) > 0 {
		n := copy(p, h.first)
		if h.first = h.first[n:]; len(h.first) == 0 {
			h.first = nil
		}
		return n, nil
	}
	return h.conn.Read(p)
}

// Write implements net.Conn.
func (h *handed) Write(p []byte) (int, error) { return h.conn.Write(p) }
