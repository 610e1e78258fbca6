package main

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/gateway"
)

const (
	// formTime is how long the whole body of a fixed endpoint's request may
	// take: forms of 64 KiB, and JSON of the admin API.
	formTime = 10 * time.Second
	// lateFormTime is how long what nobody read of it may take.
	lateFormTime = time.Second
	// answerTime bounds an answer on an HTTP/2 stream whose caller does not
	// open its window. Those of the fixed endpoints are small and never wait.
	answerTime = time.Minute
)

// smallBodies bounds the time for a request's body at endpoints that read it
// whole: net/http would wait for ever for one that stops coming, in the
// endpoint and, for one that it refused unread, after it. A connection ends
// after a body whose length could be read in two ways.
func smallBodies(whole, late time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r, rc := c.Request(), http.NewResponseController(c.Response().Writer)
			if gateway.ClosesAfter(r) {
				c.Response().Header().Set("Connection", "close")
			}
			// Here and below an error says that the connection is gone.
			if r.ProtoMajor == 2 {
				_ = rc.SetWriteDeadline(time.Now().Add(answerTime))
			}
			if r.Body == nil || r.Body == http.NoBody {
				return next(c)
			}
			_ = rc.SetReadDeadline(time.Now().Add(whole))
			body := &wholeBody{ReadCloser: r.Body}
			own := r.WithContext(r.Context()) // net/http looks at the body of its own
			own.Body = body
			c.SetRequest(own)
			err := next(c)
			if !body.ended {
				_ = rc.SetReadDeadline(time.Now().Add(late))
			}
			return err
		}
	}
}

// wholeBody knows whether it was read to its end, where net/http takes the
// deadline back.
type wholeBody struct {
	io.ReadCloser
	ended bool
}

// Read implements io.Reader.
func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}
