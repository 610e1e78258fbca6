package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestAClientsAddressesAndIssueLimitAreKeptAndBind(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	c := p.register("worker", "--issue-limit", "2/h", "--address", "127.0.0.0/8", "--address", "2001:db8::1")
	if got := c.Client; got.IssueLimit != "2/h" || strings.Join(got.Addresses, " ") != "127.0.0.0/8 2001:db8::1/128" {
		t.Errorf("registered as %+v", got)
	}
	p.refused(exitFailed, "issue_limit", "clients", "create", "--name", "x", "--issue-limit", "often")
	p.refused(exitFailed, "addresses", "clients", "create", "--name", "x", "--address", "10.0.0.1/8")

	token := p.token(c)
	p.token(c)
	status, header, body := p.ask(c)
	if status != http.StatusTooManyRequests || header.Get("Retry-After") == "" || header.Get("X-Scopegate-Error") != "rate_limited" {
		t.Errorf("beyond the limit: %d %v %v", status, header, body)
	}
	p.cli("clients", "update", c.Client.ID, "--issue-limit", "")
	p.token(c)

	p.cli("clients", "update", c.Client.ID, "--address", "10.0.0.0/8")
	if status, code := p.get("/invoices/1", token); status != http.StatusForbidden || code != "address_not_allowed" {
		t.Errorf("a token from elsewhere: %d %s", status, code)
	}
	if status, _, body := p.ask(c); status != http.StatusUnauthorized || body["error"] != "invalid_client" {
		t.Errorf("a secret from elsewhere: %d %v", status, body)
	}
	p.stop()
	p.start()
	if status, code := p.get("/invoices/1", token); status != http.StatusForbidden || code != "address_not_allowed" {
		t.Errorf("after a restart: %d %s", status, code)
	}
	p.cli("clients", "update", c.Client.ID, "--address", "")
	if status, code := p.get("/invoices/1", token); status != http.StatusBadGateway {
		t.Errorf("without a list: %d %s", status, code)
	}
}
