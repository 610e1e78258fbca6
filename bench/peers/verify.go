//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"scopegate/bench/load"
)

// probe is one request whose answer is looked at as a whole.
type probe struct {
	what   string
	path   string
	token  string // if empty, none is sent
	header http.Header
	status int
	body   string   // if not empty, the answer's
	holds  []string // lines that the answer's body has, whatever the case of its letters
	lacks  []string // texts that it has not
}

// plain are the probes of a proxy that guards nothing.
func plain(path, token string) []probe {
	return []probe{{what: "forwards", path: path, token: token, status: http.StatusOK, body: load.Body()}}
}

// guarded are the probes of a proxy that checks tokens.
func guarded(path, token, bad string) []probe {
	return append(plain(path, token),
		probe{what: "refuses a bad token", path: path, token: bad, status: http.StatusUnauthorized},
		probe{what: "refuses a caller without a token", path: path, status: http.StatusUnauthorized})
}

// verify asks every subject its probes. Nothing is measured of a proxy that
// answers wrongly.
func (m *measurement) verify(ctx context.Context) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	for _, s := range m.subjects {
		for _, p := range s.verify {
			if err := p.ask(ctx, c, s.addr); err != nil {
				return fmt.Errorf("%s %s: %w\n%s", s.name, p.what, err, s.process.Tail())
			}
		}
	}
	return nil
}

func (p *probe) ask(ctx context.Context, c *http.Client, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+p.path, nil)
	if err != nil {
		return err
	}
	maps.Copy(req.Header, p.header)
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != p.status {
		return fmt.Errorf("status %s, want %d\n%.500s", resp.Status, p.status, body)
	}
	if p.body != "" && string(body) != p.body {
		return fmt.Errorf("body of %d bytes, want the upstream's %d\n%.500s", len(body), len(p.body), body)
	}
	lower := bytes.ToLower(body)
	for _, want := range p.holds {
		if !bytes.Contains(lower, []byte("\r\n"+strings.ToLower(want)+"\r\n")) {
			return fmt.Errorf("the upstream did not see %q but\n%s", want, body)
		}
	}
	for _, not := range p.lacks {
		if bytes.Contains(lower, []byte(strings.ToLower(not))) {
			return fmt.Errorf("the upstream saw %q in\n%s", not, body)
		}
	}
	return nil
}
