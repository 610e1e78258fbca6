package wire_test

import (
	"context"
	"testing"

	"scopegate/gateway/exchange"
)

func TestWatchTellsThatTheCallerLeft(t *testing.T) {
	for name, leave := range map[string]func(c *caller){
		"closing":     func(c *caller) { _ = c.Close() },
		"half-closed": func(c *caller) { c.endSending() },
	} {
		t.Run(name, func(t *testing.T) {
			waiting, gone := make(chan struct{}), make(chan struct{})
			c := answers(t, func(x *exchange.Exchange) {
				left := x.Answer.Watch()
				if left != x.Answer.Watch() {
					t.Error("a second watch")
				}
				select {
				case <-left:
					t.Error("gone before it left")
				default:
				}
				close(waiting)
				<-left
				close(gone)
				x.Answer.Abort()
			})
			c.send(get("/odd"))
			within(t, "wait", waiting)
			leave(c)
			within(t, "news of the caller", gone)
		})
	}
}

func TestAWatchEndsWithItsExchange(t *testing.T) {
	var lefts []<-chan struct{}
	addr, f := start(t, pipeline(func(_ context.Context, x *exchange.Exchange) {
		lefts = append(lefts, x.Answer.Watch())
		_ = answer(x, 200, "")
	}))
	c := dial(t, addr)
	for range 3 {
		c.get("/a")
	}
	_ = c.Close()
	if err := within(t, "end", shutdown(t.Context(), f)); err != nil { // it waits for watches
		t.Error(err)
	}
	for _, left := range lefts[:2] { // the last exchange may not have ended when the connection did
		select {
		case <-left:
			t.Error("gone")
		default:
		}
	}
}
