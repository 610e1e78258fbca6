//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// caller speaks to a server: over the socket as its operator, over TCP as a
// client. An error says that no answer came; the outcome is not known then.
type caller struct {
	public string
	socket *http.Client
	tcp    *http.Client
}

func newCaller(socket string) *caller {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &caller{
		socket: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 32}},
		tcp:    &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
}

// idle lets go of the connections.
func (c *caller) idle() {
	c.socket.CloseIdleConnections()
	c.tcp.CloseIdleConnections()
}

func do(client *http.Client, req *http.Request, out any) (int, error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if out != nil && resp.StatusCode < 300 {
		if text, ok := out.(*string); ok {
			*text = string(body)
			return resp.StatusCode, nil
		}
		return resp.StatusCode, json.Unmarshal(body, out)
	}
	return resp.StatusCode, nil
}

// admin calls the admin API; out may be nil, or a *string for the bare body.
func (c *caller) admin(ctx context.Context, method, path string, in, out any) (int, error) {
	var body io.Reader
	if in != nil {
		body = bytes.NewReader(encode(in))
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://socket"+path, body)
	if err != nil {
		return 0, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return do(c.socket, req, out)
}

// form posts a form to an endpoint of the authorization server.
func (c *caller) form(ctx context.Context, path, id, secret string, values url.Values, out any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.public+path, strings.NewReader(values.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	return do(c.tcp, req, out)
}

// issue asks for a token with all scopes that the client has.
func (c *caller) issue(ctx context.Context, id, secret string) (text, scope string, code int, err error) {
	var made struct {
		Token string `json:"access_token"`
		Scope string
	}
	code, err = c.form(ctx, "/oauth/token", id, secret, url.Values{"grant_type": {"client_credentials"}}, &made)
	return made.Token, made.Scope, code, err
}

// use presents a token at a guarded route.
func (c *caller) use(ctx context.Context, path, token string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.public+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return do(c.tcp, req, nil)
}
