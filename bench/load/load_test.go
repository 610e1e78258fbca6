//go:build linux

package load_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/bench/load"
)

func TestFramingFindsWhereAMessageEnds(t *testing.T) {
	type framed struct {
		Head, Body, Wire int
		Whole            bool
	}
	for name, c := range map[string]struct {
		message string
		hasBody bool
		want    framed
	}{
		"a request without a body":        {"GET / HTTP/1.1\r\n\r\n", false, framed{18, 0, 0, true}},
		"a head that is not whole":        {"GET / HTTP/1.1\r\n", false, framed{}},
		"a length":                        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true, framed{38, 3, 3, true}},
		"a length in other letters":       {"HTTP/1.1 200 OK\r\ncontent-LENGTH:3\r\n\r\nabcd", true, framed{37, 3, 3, true}},
		"a body that is not whole":        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, framed{38, 3, 3, false}},
		"chunks":                          {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n1;x=y\r\nz\r\n0\r\n\r\n", true, framed{47, 11, 30, true}},
		"chunks without the last":         {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n", true, framed{47, 1, 6, false}},
		"an answer that says no length":   {"HTTP/1.1 204 No Content\r\n\r\n", true, framed{27, 0, 0, true}},
		"a field whose name is a longer":  {"HTTP/1.1 200 OK\r\nContent-Lengths: 3\r\n\r\n", true, framed{39, 0, 0, true}},
		"a length that another field has": {"HTTP/1.1 200 OK\r\nX: Content-Length: 3\r\n\r\n", true, framed{41, 0, 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var got framed
			got.Head, got.Body, got.Wire, got.Whole = load.Framing([]byte(c.message), c.hasBody)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestQuantilesAreRightWithinAThirtySecond(t *testing.T) {
	var h load.Histogram
	const n = 100_000
	for i := range n {
		h.Add(time.Duration(i+1) * time.Microsecond)
	}
	for _, q := range []float64{0.01, 0.5, 0.99, 0.999} {
		want := q * n
		if got := float64(h.Quantile(q)) / float64(time.Microsecond); got < want*0.99 || got > want*(1+1.0/32)+1 {
			t.Errorf("the %v quantile is %.0f us, want about %.0f", q, got, want)
		}
	}
	if got := h.Quantile(1); got != n*time.Microsecond {
		t.Errorf("the slowest took %v", got)
	}
}

// worker runs load.Work in this process.
type worker struct {
	upstream string
	orders   *json.Encoder
	answers  *json.Decoder
}

func newWorker(t *testing.T) *worker {
	in, toWorker := io.Pipe()
	fromWorker, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- load.Work(in, out) }()
	t.Cleanup(func() {
		_ = toWorker.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	w := &worker{orders: json.NewEncoder(toWorker), answers: json.NewDecoder(fromWorker)}
	var hello struct{ Upstream string }
	if err := w.answers.Decode(&hello); err != nil {
		t.Fatal(err)
	}
	w.upstream = hello.Upstream
	return w
}

func (w *worker) do(t *testing.T, order map[string]any) load.Report {
	t.Helper()
	if err := w.orders.Encode(order); err != nil {
		t.Fatal(err)
	}
	var r load.Report
	if err := w.answers.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestALoadCountsRightAndWrongAnswers(t *testing.T) {
	w := newWorker(t)
	request := func(path, token string) []byte {
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
	}
	w.do(t, map[string]any{"Tokens": []string{"known"}})
	chunked := []byte("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
	r := w.do(t, map[string]any{"Job": load.Job{
		Window: 200 * time.Millisecond,
		Crowds: []load.Crowd{
			{Addr: w.upstream, Connections: 4, Requests: [][]byte{request("/", "x"), chunked}, WantStatus: 200, WantLength: load.BodyLength},
			{Addr: w.upstream, Connections: 4, Rate: 1000, Requests: [][]byte{request("/", "x")}, WantStatus: 200, WantLength: load.BodyLength},
			{Addr: w.upstream, Connections: 1, Requests: [][]byte{request(load.AuthPath, "known")}, WantStatus: 200, WantLength: 0},
			{Addr: w.upstream, Connections: 1, Requests: [][]byte{request(load.AuthPath, "other")}, WantStatus: 200, WantLength: 0},
		},
	}})
	if r.Error != "" || len(r.Tallies) != 4 {
		t.Fatalf("%+v", r)
	}
	for i, tally := range r.Tallies[:3] {
		if tally.Requests == 0 || tally.Wrong > 0 || tally.Broken > 0 {
			t.Errorf("crowd %d: %+v", i, tally)
		}
	}
	if bad := r.Tallies[3]; bad.Requests > 0 || bad.Wrong == 0 || !strings.HasPrefix(bad.FirstWrong, "HTTP/1.1 401 ") {
		t.Errorf("the refused crowd: %+v", bad)
	}
}

func TestALoadWithoutAServerSaysSo(t *testing.T) {
	w := newWorker(t)
	r := w.do(t, map[string]any{"Job": load.Job{Window: time.Millisecond, Crowds: []load.Crowd{{Addr: "127.0.0.1:1", Connections: 1, Requests: [][]byte{nil}}}}})
	if !strings.Contains(r.Error, "connecting to 127.0.0.1:1") {
		t.Errorf("%+v", r)
	}
}
