package wire

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// longStay is how many requests in a row, all of them this front's, end the
// stay of a connection with net/http. One alone does not: callers that ask for
// a token before each request would connect anew each time.
const longStay = 2

// stay is the time of a connection with the server behind the front. One that
// came for a reserved path alone, as callers do that fetch their token on the
// connection they go on to use, is to come back.
type stay struct {
	reserved bool // it came for a reserved path alone
	ours     int  // requests in a row that this front would serve
}

type stayKey struct{}

// ConnContext is part of the ConnContext of the server behind Handover. c may
// be wrapped in connections that have a NetConn method, as tls.Conn has.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	for {
		switch conn := c.(type) {
		case *Handed:
			if conn.stay.reserved {
				return context.WithValue(ctx, stayKey{}, &conn.stay)
			}
			return ctx
		case interface{ NetConn() net.Conn }:
			c = conn.NetConn()
		default:
			return ctx
		}
	}
}

// Return wraps the handler of the server behind Handover: a connection that
// came for a reserved path and goes on with plain requests is closed after an
// answer, so that the caller's next one is the front's again.
func (f *Front) Return(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, ok := r.Context().Value(stayKey{}).(*stay); ok && s.over(r, f.Reserved) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// over counts a request; the connection's requests come one after the other.
func (s *stay) over(r *http.Request, reserved func(path string) bool) bool {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	plain := r.Proto == "HTTP/1.1" && strings.HasPrefix(path, "/") && !reserved(path) && r.ContentLength >= 0 &&
		knownMethod([]byte(r.Method)) && r.Header["Expect"] == nil && r.Header["Upgrade"] == nil
	if !plain {
		s.ours = 0
		return false
	}
	s.ours++
	return s.ours >= longStay
}
