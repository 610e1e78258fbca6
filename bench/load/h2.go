//go:build linux

package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"scopegate/bench/proc"
)

// H2WorkerArg makes a program that calls MaybeWork a caller by HTTP/2.
const H2WorkerArg = "load-h2"

// H2Job are requests by HTTP/2 over TLS. net/http makes them, and takes more
// time for one than most proxies do: what such a job tells is what a request
// costs a proxy, not how many it could serve.
type H2Job struct {
	Addr        string
	Path        string
	Tokens      []string
	Connections int
	Streams     int // requests under way on each connection
	Window      time.Duration
}

// H2 does the job on a processor, in a process of its own, and returns how
// many answers came, all of them right: 200 and as long as Body, by HTTP/2.
func H2(ctx context.Context, s *proc.Stage, core int, self string, job H2Job) (answers int, err error) {
	in, err := json.Marshal(job)
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	p, err := s.Start(proc.Spec{Name: "load by HTTP/2", Core: core, Args: []string{self, H2WorkerArg}, Stdin: bytes.NewReader(in), Stdout: &out})
	if err != nil {
		return 0, err
	}
	if err := p.Wait(ctx); err != nil {
		return 0, err
	}
	return answers, json.Unmarshal(out.Bytes(), &answers)
}

// workH2 is the caller.
func workH2(in io.Reader, out io.Writer) error {
	var job H2Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	counts := make([]int, job.Connections*job.Streams)
	failed := make(chan error, len(counts))
	var all sync.WaitGroup
	until := time.Now().Add(job.Window)
	for c := range job.Connections {
		t := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, MaxConnsPerHost: 1} // the certificate was made for this run
		defer t.CloseIdleConnections()
		for s := range job.Streams {
			n := c*job.Streams + s
			all.Go(func() {
				for i := n; time.Now().Before(until); i++ {
					if err := job.ask(t, job.Tokens[i%len(job.Tokens)]); err != nil {
						failed <- err
						return
					}
					counts[n]++
				}
			})
		}
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return json.NewEncoder(out).Encode(sum)
}

func (j *H2Job) ask(t *http.Transport, token string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+j.Addr+j.Path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || n != BodyLength) {
		err = fmt.Errorf("%s %s with %d bytes", resp.Proto, resp.Status, n)
	}
	return err
}
