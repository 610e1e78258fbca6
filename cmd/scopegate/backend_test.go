package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// backend is the legacy service behind the gateway: it records what it sees,
// and holds requests below /hold until it is told to let them go.
type backend struct {
	server *httptest.Server

	mu   sync.Mutex
	seen []string // requests as text
	held int
	let  chan struct{}
}

func newBackend() *backend {
	b := &backend{let: make(chan struct{})}
	b.server = httptest.NewServer(b)
	return b
}

func (b *backend) close() {
	b.release()
	b.server.Close()
}

func (b *backend) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.let)
	b.let = make(chan struct{})
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a cut body is a short one
	var lines []string
	for name, values := range r.Header {
		for _, value := range values {
			lines = append(lines, name+": "+value)
		}
	}
	slices.Sort(lines)
	text := fmt.Sprintf("%s %s\nHost: %s\n%s\n\n%s", r.Method, r.RequestURI, r.Host, strings.Join(lines, "\n"), body)
	hold := strings.Contains(r.URL.Path, "/hold")
	b.mu.Lock()
	b.seen = append(b.seen, text)
	let := b.let
	if hold {
		b.held++
	}
	b.mu.Unlock()
	if hold {
		select {
		case <-let:
		case <-r.Context().Done():
		}
		b.mu.Lock()
		b.held--
		b.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprint(w, text)
}

func (b *backend) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen)
}

func (b *backend) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = nil
}

func (b *backend) holding() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held > 0
}

// cmdUpstream tells what reached the backend since the last http:
//
//	[!] upstream saw REGEXP
//	upstream silent
//	upstream release    lets held requests go
func (s *session) cmdUpstream(ts *testscript.TestScript, neg bool, args []string) {
	seen := s.backend.requests()
	switch args[0] {
	case "saw":
		if len(seen) == 0 {
			ts.Fatalf("the backend saw nothing")
		}
		all := strings.Join(seen, "\n---\n")
		check(ts, neg, regexp.MustCompile("(?m)"+args[1]).MatchString(all), "%s in\n%s", args[1], all)
	case "silent":
		check(ts, neg, len(seen) == 0, "the backend was silent: %q", seen)
	case "release":
		s.backend.release()
	default:
		ts.Fatalf("upstream what?")
	}
}
