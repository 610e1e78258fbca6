package upstream_test

import (
	"bytes"
	"testing"

	"scopegate/authz"
	"scopegate/gateway/upstream"
)

// A common exchange allocates nothing once its memory is warm. A little is
// allowed for a garbage collection that empties the pools meanwhile.
func TestCommonExchangesDoNotAllocate(t *testing.T) {
	b := serve(t, func(p *peer) {
		buf, answer := make([]byte, 4<<10), []byte(hello)
		for {
			if n, err := p.Read(buf); err != nil || n == 0 {
				return
			}
			p.Write(answer)
		}
	})
	u, pass, answer := open(t, upstream.Options{}, b), permit(t), &sink{}
	text := []byte("body")
	body := bytes.NewReader(text)
	for _, method := range []string{"GET", "POST"} {
		req := &upstream.Request{Method: method, Target: "/", Host: "h", Fields: benchFields}
		n := testing.AllocsPerRun(500, func() {
			if method == "POST" {
				body.Reset(text)
				req.Body, req.BodyLength = body, 4
			}
			answer.began = false
			if out := u.Forward(t.Context(), pass, req, answer, nil); out.Reason != authz.ReasonNone {
				t.Fatal(out.Err)
			}
		})
		if n >= 1 && !raceEnabled {
			t.Errorf("%s: %v allocations, want 0", method, n)
		}
	}
}
