package main

import (
	"net/http"
	"strings"
	"testing"

	"scopegate/authz/admin"
)

func TestAnOwnersClientsAreRevokedAtOnceAndOnlyWhenConfirmed(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	mine := []admin.ClientWithSecret{p.register("a", "--owner", "tenant:42"), p.register("b", "--owner", "tenant:42")}
	other := p.register("c", "--owner", "tenant:43")
	tokens := []string{p.token(mine[0]), p.token(mine[1])}
	stays := p.token(other)

	p.refused(exitUsage, "2 client(s) of tenant:42 will be revoked", "clients", "revoke", "--owner", "tenant:42")
	p.refused(exitUsage, "give either", "clients", "revoke")
	p.refused(exitUsage, "give either", "clients", "revoke", mine[0].Client.ID, "--owner", "tenant:42")
	p.refused(exitUsage, "TYPE:ID", "clients", "revoke", "--owner", "tenant", "--yes")
	for _, token := range tokens {
		if status, code := p.get("/invoices/1", token); status == http.StatusUnauthorized {
			t.Errorf("before it was confirmed: %d %s", status, code)
		}
	}

	var none, out admin.RevokedClients
	for _, args := range [][]string{{}, {"--yes"}} {
		p.json(&none, append([]string{"clients", "revoke", "--owner", "tenant:44"}, args...)...)
		if none.Revoked != 0 {
			t.Errorf("%d clients of nobody revoked", none.Revoked)
		}
	}
	p.json(&out, "clients", "revoke", "--owner", "tenant:42", "--yes")
	if out.Revoked != 2 {
		t.Errorf("%d clients revoked, want 2", out.Revoked)
	}
	for _, token := range tokens {
		if status, code := p.get("/invoices/1", token); status != http.StatusUnauthorized || code != "invalid_token" {
			t.Errorf("a token of a revoked client: %d %s", status, code)
		}
	}
	if status, code := p.get("/invoices/1", stays); status == http.StatusUnauthorized {
		t.Errorf("another owner's token: %d %s", status, code)
	}
	if log := p.cli("audit"); strings.Count(log, "client.revoked") != 2 {
		t.Errorf("the control log tells of other than two revocations:\n%s", log)
	}
	p.cli("clients", "revoke", other.Client.ID)
}
