package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/gateway/config"
)

// adminClient speaks to a running server: through the Unix socket of its data
// directory, or over TCP with the admin token.
type adminClient struct {
	base  string
	where string // for messages
	token authz.SecretText
	http  *http.Client
}

// adminFlags are the flags of every command that speaks to a server.
type adminFlags struct {
	dataDir  string
	adminURL string
	timeout  time.Duration
}

func (f *adminFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dataDir, "data-dir", "data", "the running server's data directory, which holds its socket")
	cmd.Flags().StringVar(&f.adminURL, "admin-url", "", "speak to this admin listener instead, e.g. http://127.0.0.1:8081 (needs SCOPEGATE_ADMIN_TOKEN[_FILE])")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 30*time.Second, "how long to wait for the server's answer")
}

func (f *adminFlags) client(w world) (*adminClient, error) {
	if f.adminURL != "" {
		token, err := secretFromEnvironment(w, "SCOPEGATE_ADMIN_TOKEN")
		if err != nil {
			return nil, err
		}
		if token.Text() == "" && onThisMachine(f.adminURL) {
			token = tokenBeside(f.dataDir)
		}
		if token.Text() == "" {
			return nil, usage("--admin-url needs the admin token: set SCOPEGATE_ADMIN_TOKEN or SCOPEGATE_ADMIN_TOKEN_FILE, or --data-dir for a server of this machine")
		}
		return &adminClient{strings.TrimSuffix(f.adminURL, "/"), f.adminURL, token, &http.Client{Timeout: f.timeout}}, nil
	}
	socket := filepath.Join(f.dataDir, socketFile)
	transport := &http.Transport{
		DisableKeepAlives: true, // nothing is left behind by a command
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	return &adminClient{"http://scopegate", socket, authz.SecretText{}, &http.Client{Transport: transport, Timeout: f.timeout}}, nil
}

// health is a client for what needs no credential, and sends none.
func (f *adminFlags) health(w world) (*adminClient, error) {
	if f.adminURL == "" {
		return f.client(w)
	}
	return &adminClient{strings.TrimSuffix(f.adminURL, "/"), f.adminURL, authz.SecretText{}, &http.Client{Timeout: f.timeout}}, nil
}

// onThisMachine reports whether a URL's host is a loopback address, which the
// token of a data directory on this machine may be for. To another host it
// goes only when it is named.
func onThisMachine(adminURL string) bool {
	u, err := url.Parse(adminURL)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}

// tokenBeside reads the admin token of a local data directory, if it is there.
func tokenBeside(dataDir string) authz.SecretText {
	data, err := os.ReadFile(filepath.Join(dataDir, adminTokenFile))
	if err != nil {
		return authz.SecretText{}
	}
	return authz.NewSecretText(strings.TrimSpace(string(data)))
}

// problemError is a refusal of the admin API.
type problemError struct{ admin.ProblemBody }

func (e *problemError) Error() string {
	var b strings.Builder
	b.WriteString(e.Detail)
	if e.Detail == "" {
		b.WriteString(e.Title)
	}
	for _, p := range e.Problems {
		b.WriteString("\n" + config.Problem{File: p.File, Line: p.Line, Col: p.Column, Path: p.Path, Message: p.Message}.String())
	}
	return b.String()
}

// call sends one request and decodes its answer into out, unless out is nil.
func (c *adminClient) call(ctx context.Context, method, path string, in, out any) error {
	body, err := c.open(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// open sends one request and returns the body of its good answer.
func (c *adminClient) open(ctx context.Context, method, path string, in any) (io.ReadCloser, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, usage("admin URL: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token.Text() != "" {
		req.Header.Set("Authorization", "Bearer "+c.token.Text())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode < 400 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	problem := &problemError{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(&problem.ProblemBody); err != nil {
		return nil, fmt.Errorf("the server answered %s", resp.Status)
	}
	return nil, problem
}

// unreachable says what to do when no server answers.
func (c *adminClient) unreachable(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("no server answers at %s: %w\nIs `scopegate serve` running with this data directory? --data-dir or --admin-url tell where", c.where, op.Err)
	}
	return fmt.Errorf("ask the server at %s: %w", c.where, err)
}
