//go:build linux

package main

import (
	"context"
	"net/http"
	"slices"
)

// check presents a token at both routes and compares with the book. What the
// book is not sure of may be either way. A token that is found dead stays so;
// that one lives is known once the store is settled: a revocation that was
// answered with 5xx may be in a log that is read when the store is opened again.
func (w *worker) check(ctx context.Context, c *caller, a *account, t *token, settled bool) bool {
	read, err := c.use(ctx, "/read", t.text)
	if err != nil {
		w.unanswered.Add(1)
		return false
	}
	write, err := c.use(ctx, "/write", t.text)
	if err != nil {
		w.unanswered.Add(1)
		return false
	}
	w.checks.Add(1)
	if read == http.StatusServiceUnavailable || write == http.StatusServiceUnavailable {
		w.refused.Add(1)
		return true
	}
	w.acknowledged[used].Add(1)
	switch {
	case t.fate != unsure:
	case read == http.StatusUnauthorized:
		t.fate = dead
	case settled:
		t.fate = alive
	default:
		return true
	}
	if t.fate == alive && read == http.StatusUnauthorized && write == read && w.isLost(t.at) {
		t.fate = dead
	}
	wantRead, wantWrite := http.StatusOK, http.StatusForbidden
	switch {
	case t.fate == dead:
		wantRead, wantWrite = http.StatusUnauthorized, http.StatusUnauthorized
	case t.write && a.write:
		wantWrite = http.StatusOK
	}
	if read != wantRead || write != wantWrite {
		w.violated("a token (fate %d, write %t) of a client (%s, write %t) got %d and %d, want %d and %d",
			t.fate, t.write, a.status, a.write, read, write, wantRead, wantWrite)
	}
	if t.fate == dead {
		t.seen++
	}
	return true
}

// verify compares all that the worker has in its book with the server, after a
// start or when the store is settled after a fault.
func (w *worker) verify(ctx context.Context, c *caller) {
	for _, a := range w.accounts {
		if w.verifyClient(ctx, c, a) {
			for _, t := range a.tokens {
				if !w.check(ctx, c, a, t, true) {
					w.violated("a check got no answer")
				}
			}
		}
	}
	w.tidy()
}

// verifyClient resolves what was in doubt: a change is there whole or not at
// all.
func (w *worker) verifyClient(ctx context.Context, c *caller, a *account) bool {
	var now view
	code, err := c.admin(ctx, http.MethodGet, "/admin/v1/clients/"+a.id, nil, &now)
	w.checks.Add(1)
	if err != nil || code != http.StatusOK {
		w.violated("an acknowledged registration is gone: %d, %v", code, err)
		return false
	}
	mayWrite := slices.Contains(now.Scopes, "invoices.write")
	switch a.doubt {
	case revoke, disable, enable:
		if now.Status == statusAfter[a.doubt] {
			a.apply(a.doubt)
		}
	case narrow, widen:
		if mayWrite == (a.doubt == widen) {
			a.apply(a.doubt)
		}
	}
	if now.Status != a.status || mayWrite != a.write {
		w.violated("client is %s (write %t), acknowledged was %s (write %t), without an answer was %q", now.Status, mayWrite, a.status, a.write, a.doubt)
	}
	w.verifySecret(ctx, c, a, &now)
	a.doubt = none
	return true
}

// verifySecret checks that exactly one secret lives, and which.
func (w *worker) verifySecret(ctx context.Context, c *caller, a *account, now *view) {
	if a.status == "revoked" {
		if len(now.Secrets) != 0 {
			w.violated("a revoked client has %d secrets", len(now.Secrets))
		}
		w.mustFail(ctx, c, a, a.secret, "the secret of a revoked client")
		return
	}
	if len(now.Secrets) != 1 {
		w.violated("half a rotation: a client has %d secrets", len(now.Secrets))
		return
	}
	turned := now.Secrets[0].ID != a.secretID
	if turned && a.doubt != rotate {
		w.violated("the secret is %s, acknowledged was %s, without an answer was %q", now.Secrets[0].ID, a.secretID, a.doubt)
	}
	if turned {
		w.mustFail(ctx, c, a, a.secret, "the secret before a rotation")
	}
	if a.former != "" {
		w.mustFail(ctx, c, a, a.former, "the secret before an acknowledged rotation")
	}
	doubt := a.doubt
	a.doubt = none
	if turned {
		if !w.change(ctx, c, a, rotate) {
			w.violated("a rotation got no answer")
		}
	}
	if a.doubt == none && !w.issue(ctx, c, a) {
		w.violated("a token request got no answer (in doubt was %q)", doubt)
	}
}

func (w *worker) mustFail(ctx context.Context, c *caller, a *account, secret, what string) {
	_, _, code, err := c.issue(ctx, a.id, secret)
	w.checks.Add(1)
	if err != nil || code == http.StatusOK || code >= 500 {
		w.violated("%s got %d, %v", what, code, err)
	}
}

// tidy forgets tokens that were found dead three times, and revoked clients
// with nothing else to find out, so that the book stays small.
func (w *worker) tidy() {
	for _, a := range w.accounts {
		a.tokens = slices.DeleteFunc(a.tokens, func(t *token) bool { return t.seen > 3 })
	}
	w.accounts = slices.DeleteFunc(w.accounts, func(a *account) bool { return a.status == "revoked" && len(a.tokens) == 0 })
	if len(w.accounts) >= maxAccounts {
		w.accounts = slices.Delete(w.accounts, 0, 1)
	}
}
