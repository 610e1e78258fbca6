package main_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// answer is what the script looks at after http or finish.
type answer struct {
	status int
	proto  string
	header http.Header
	body   string
	err    error
}

func (a *answer) text() string {
	if a == nil {
		return "no answer yet"
	}
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%s %d\n%v\n%s", a.proto, a.status, a.header, a.body)
}

// newHTTPClient follows no redirects and reuses no connections, so that
// nothing outlives a server that is stopped.
func newHTTPClient() *http.Client {
	return &http.Client{
		Timeout:       scriptPatience,
		Transport:     newTransport(nil),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: config}
}

// trust makes the client believe the certificate of a file in the script's
// directory, where there is one.
func (s *session) trust() error {
	data, err := os.ReadFile(filepath.Join(s.dir, "tls.crt"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(data)
	s.client.CloseIdleConnections()
	s.client.Transport = newTransport(&tls.Config{RootCAs: pool})
	return nil
}

// request reads METHOD URL [--bearer T] [--basic ID:SECRET] [--header K:V]
// [--json BODY] [--form BODY]; a URL that is a path is the gateway's.
func (s *session) request(ts *testscript.TestScript, args []string) *http.Request {
	if len(args) < 2 {
		ts.Fatalf("METHOD and URL are missing")
	}
	method, url, body := args[0], args[1], ""
	if strings.HasPrefix(url, "/") {
		url = ts.Getenv("GW_URL") + url
	}
	header := http.Header{}
	for flags := args[2:]; len(flags) > 0; flags = flags[2:] {
		if len(flags) == 1 {
			ts.Fatalf("%s has no value", flags[0])
		}
		value := flags[1]
		switch flags[0] {
		case "--bearer":
			header.Add("Authorization", "Bearer "+value)
		case "--basic":
			id, secret, _ := strings.Cut(value, ":")
			r := &http.Request{Header: header}
			r.SetBasicAuth(id, secret)
		case "--header":
			name, text, _ := strings.Cut(value, ":")
			header.Add(name, strings.TrimSpace(text))
		case "--json":
			header.Set("Content-Type", "application/json")
			body = value
		case "--form":
			header.Set("Content-Type", "application/x-www-form-urlencoded")
			body = value
		default:
			ts.Fatalf("unknown flag %s", flags[0])
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	ts.Check(err)
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Header = header
	ts.Check(s.trust())
	return r
}

func (s *session) do(r *http.Request) *answer {
	resp, err := s.client.Do(r)
	if err != nil {
		return &answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return &answer{resp.StatusCode, resp.Proto, resp.Header, string(body), err}
}

// cmdHTTP makes a request and keeps its answer; the backend forgets what it
// saw before.
func (s *session) cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	r := s.request(ts, args)
	s.backend.forget()
	s.last = s.do(r)
	check(ts, neg, s.last.err == nil, "the request is answered: %v", s.last.err)
	ts.Logf("%s", s.last.text())
	fmt.Fprint(ts.Stdout(), s.last.body)
}

// cmdBegin makes a request that the backend holds, and returns when it does.
func (s *session) cmdBegin(ts *testscript.TestScript, _ bool, args []string) {
	r := s.request(ts, args)
	s.pending = make(chan *answer, 1)
	go func() { s.pending <- s.do(r) }()
	until(ts, func() bool { return s.backend.holding() || len(s.pending) > 0 }, func() string { return "the backend holds no request" })
}

// cmdFinish waits for the answer of begin; negated, the request must fail.
func (s *session) cmdFinish(ts *testscript.TestScript, neg bool, _ []string) {
	s.last = <-s.pending // the client's own time-out bounds it
	check(ts, neg, s.last.err == nil, "the request is answered: %v", s.last.err)
}

func (s *session) cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	check(ts, neg, s.last != nil && s.last.status == want, "status %d\n%s", want, s.last.text())
}

// cmdHeader: [!] header NAME [REGEXP]
func (s *session) cmdHeader(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile(strings.Join(args[1:], ""))
	got := false
	for _, value := range s.last.header.Values(args[0]) {
		got = got || re.MatchString(value)
	}
	check(ts, neg, got, "header %q\n%s", args, s.last.text())
}

func (s *session) cmdBody(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, regexp.MustCompile("(?m)"+args[0]).MatchString(s.last.body), "body %s\n%s", args[0], s.last.text())
}

func (s *session) cmdProto(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, s.last.proto == args[0], "protocol %s\n%s", args[0], s.last.text())
}
