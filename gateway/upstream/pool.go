package upstream

import (
	"sync"
	"time"
)

// maxIdle is how many unused connections an endpoint keeps.
const maxIdle = 1024

// pool keeps an endpoint's unused connections, the last used on top: under
// less load the rest grow old and end.
type pool struct {
	mu     sync.Mutex
	idle   []*conn
	closed bool
}

// take returns the connection that was used last, or nil. One that is older
// than keepAlive is not given out, and all below it are older still.
func (p *pool) take(now int64, keepAlive time.Duration) *conn {
	p.mu.Lock()
	var c *conn
	if n := len(p.idle); n > 0 && now-p.idle[n-1].idleSince < int64(keepAlive) {
		c = p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
	}
	p.mu.Unlock()
	return c
}

// put keeps a connection for reuse, or closes it if there are enough.
func (p *pool) put(c *conn, now int64) {
	c.kept, c.idleSince = true, now
	p.mu.Lock()
	keep := !p.closed && len(p.idle) < maxIdle
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		c.close()
	}
}

// expire closes the connections that were unused for keepAlive.
func (p *pool) expire(now int64, keepAlive time.Duration) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && now-p.idle[n].idleSince >= int64(keepAlive) {
		n++
	}
	old := append([]*conn(nil), p.idle[:n]...)
	rest := copy(p.idle, p.idle[n:])
	clear(p.idle[rest:])
	p.idle = p.idle[:rest]
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

// close closes all that is kept, and everything that is put later.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.expire(0, -1<<62)
}
