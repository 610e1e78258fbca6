package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/gateway/yield"
)

// TestTheTurnstileStandsBeforeTokensAndTheStore: whoever works on a token
// passes it, over either front, and so does the store's writer. That others
// are served sooner for it is what the benchmarks show.
func TestTheTurnstileStandsBeforeTokensAndTheStore(t *testing.T) {
	dir, err := os.MkdirTemp("", "scopegate") //nolint:usetesting // short: the admin socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p := &inProcess{t: t, dir: dir}
	p.write("routes.yaml", oneRoute)
	var o serveOptions
	cmd := &cobra.Command{}
	o.add(cmd)
	if err := cmd.ParseFlags([]string{
		"--routes", p.path("routes.yaml"), "--data-dir", p.path("data"), "--listen", "127.0.0.1:0", "--admin-listen", "", "--disk-reserve", "1MiB",
	}); err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), p.world("", io.Discard, io.Discard), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	var yields atomic.Int64
	toPoller := s.crowd.Yield
	s.crowd.Yield = func() { yields.Add(1); toPoller() } // nobody writes yet
	s.crowd.Now = nil                                    // however long it takes

	post := func(h http.Handler, path string) func() {
		return func() {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("grant_type=client_credentials"))
			r.RequestURI = path
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	n := 0
	for _, c := range []struct {
		name   string
		do     func()
		passes bool
	}{
		{"token", post(s.front.Fixed, "/oauth/token"), true},
		{"introspect", post(s.front.Fixed, "/oauth/introspect"), true},
		{"revoke", post(s.front.Fixed, "/oauth/revoke"), true},
		{"token over net/http", post(s.publicHTTP.Handler, "/oauth/token"), true},
		{"a path that is none", post(s.front.Fixed, "/oauth/nothing"), false},
		{"a change of a client", func() {
			n++
			if _, _, err := s.registry.Create(t.Context(), authz.Registration{Name: fmt.Sprint("worker ", n)}, authz.By{Actor: "system"}); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		before := yields.Load()
		for range yield.PerYield*runtime.NumCPU() + 1 { // as many as pass without a yield, and one
			c.do()
		}
		if passed := yields.Load() > before; passed != c.passes {
			t.Errorf("%s passes the turnstile: %v, want %v", c.name, passed, c.passes)
		}
	}
}
