package upstream

import (
	"context"
	"net"

	"scopegate/gateway/exchange"
)

// AsideFor is how long an endpoint is set aside after n failures before.
var AsideFor = asideFor

// ReadAnswer reads one answer to a request from socket as Forward would, and
// reports whether the connection could be used again and how much of what was
// read lies behind the answer.
func ReadAnswer(u *Upstream, socket net.Conn, req *Request, answer exchange.Answer) (keep bool, surplus int, err error) {
	t := newTrip(u)
	t.req, t.answer, t.c = req, answer, newConn(u.endpoints[0], socket)
	keep, err = t.transfer(context.Background())
	t.endWatch()
	return keep, t.w - t.r, err
}
