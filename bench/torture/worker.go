//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Bounds of one worker's book, so that looking after it stays quick.
const (
	maxAccounts = 12
	maxTokens   = 30 // of an account
)

// worker puts load on the server and keeps its part of the book.
type worker struct {
	*tally
	site     *site
	upstream string
	random   *rand.Rand
	accounts []*account
}

// work goes on until the server does not answer any more or the load ends. A
// call that has begun is finished: one that is given up may still be under way
// when its outcome is looked for.
func (w *worker) work(load, ctx context.Context, c *caller) {
	for load.Err() == nil && w.step(ctx, c) {
	}
}

// step does one thing; false: there was no answer.
func (w *worker) step(ctx context.Context, c *caller) bool {
	a := w.pick()
	if a == nil || !w.tokensOnly.Load() && w.random.IntN(100) < 4 && len(w.accounts) < maxAccounts {
		return w.register(ctx, c)
	}
	n := w.random.IntN(100)
	if w.tokensOnly.Load() {
		n %= 75
	}
	switch {
	case n < 40:
		return w.issue(ctx, c, a)
	case n < 75:
		return w.use(ctx, c, a)
	case n < 87:
		return w.revokeToken(ctx, c, a)
	case n < 92:
		return w.change(ctx, c, a, rotate)
	case n < 94:
		return w.change(ctx, c, a, revoke)
	case n < 96:
		return w.change(ctx, c, a, map[bool]change{true: disable, false: enable}[a.status == "active"])
	case n < 98:
		return w.change(ctx, c, a, map[bool]change{true: narrow, false: widen}[a.write])
	}
	return w.reload(ctx, c)
}

// pick returns an account that may still change, nil if there is none.
func (w *worker) pick() *account {
	open := slices.DeleteFunc(slices.Clone(w.accounts), func(a *account) bool { return a.status == "revoked" || a.doubt != none })
	if len(open) == 0 {
		return nil
	}
	return open[w.random.IntN(len(open))]
}

// answered sorts an answer: acknowledged, refused for the store's sake, or
// none. A control change that is refused with 5xx may have happened.
func (w *worker) answered(code int, err error) (acknowledged, goOn bool) {
	switch {
	case err != nil:
		w.unanswered.Add(1)
		return false, false
	case code >= 500:
		w.refused.Add(1)
		return false, true
	}
	return true, true
}

// withSecret is the admin API's answer that shows a secret.
type withSecret struct {
	Client view
	Secret string `json:"client_secret"`
}

// view is a client as the admin API shows it.
type view struct {
	ID      string
	Status  string
	Scopes  []string `json:"allowed_scopes"`
	Secrets []struct{ ID string }
}

func (w *worker) register(ctx context.Context, c *caller) bool {
	var made withSecret
	body := map[string]any{"name": "tortured", "allowed_scopes": []string{"invoices.read", "invoices.write"}}
	code, err := c.admin(ctx, http.MethodPost, "/admin/v1/clients", body, &made)
	acknowledged, goOn := w.answered(code, err)
	if !acknowledged {
		return goOn
	}
	if code != http.StatusCreated || len(made.Client.Secrets) != 1 {
		w.violated("registering was answered with %d, %+v", code, made.Client)
		return true
	}
	w.acknowledged[registered].Add(1)
	w.accounts = append(w.accounts, &account{id: made.Client.ID, secret: made.Secret, secretID: made.Client.Secrets[0].ID, status: "active", write: true})
	return true
}

func (w *worker) issue(ctx context.Context, c *caller, a *account) bool {
	text, scope, code, err := c.issue(ctx, a.id, a.secret)
	acknowledged, goOn := w.answered(code, err)
	if !acknowledged {
		return goOn
	}
	if a.status != "active" {
		if code == http.StatusOK {
			w.violated("a %s client got a token", a.status)
		}
		return true
	}
	if code != http.StatusOK {
		w.violated("an active client with its secret was answered with %d", code)
		return true
	}
	if write := strings.Contains(scope, "invoices.write"); write != a.write {
		w.violated("a token has the scopes %q, the client may write: %t", scope, a.write)
	}
	w.acknowledged[issued].Add(1)
	if len(a.tokens) >= maxTokens {
		a.tokens = slices.Delete(a.tokens, 0, 1)
	}
	a.tokens = append(a.tokens, &token{text: text, write: a.write, at: time.Now()})
	return true
}

func (w *worker) use(ctx context.Context, c *caller, a *account) bool {
	if len(a.tokens) == 0 {
		return true
	}
	t := a.tokens[w.random.IntN(len(a.tokens))]
	return w.check(ctx, c, a, t, false)
}

func (w *worker) revokeToken(ctx context.Context, c *caller, a *account) bool {
	if len(a.tokens) == 0 {
		return true
	}
	t := a.tokens[w.random.IntN(len(a.tokens))]
	code, err := c.admin(ctx, http.MethodPost, "/admin/v1/tokens/revoke", map[string]any{"token": t.text}, nil)
	acknowledged, goOn := w.answered(code, err)
	switch {
	case !acknowledged && t.fate == alive:
		t.fate = unsure
	case acknowledged && code != http.StatusOK:
		w.violated("revoking a token was answered with %d", code)
	case acknowledged:
		t.fate = dead
		w.acknowledged[tokenRevoked].Add(1)
	}
	return goOn
}

// change makes a control change of a client.
func (w *worker) change(ctx context.Context, c *caller, a *account, what change) bool {
	method, path, body := http.MethodPost, "/admin/v1/clients/"+a.id+"/"+string(what), map[string]any{}
	switch what {
	case rotate:
		path = "/admin/v1/clients/" + a.id + "/rotate-secret"
	case narrow, widen:
		method, path = http.MethodPatch, "/admin/v1/clients/"+a.id
		body["allowed_scopes"] = []string{"invoices.read", "invoices.write"}[:map[change]int{narrow: 1, widen: 2}[what]]
	}
	var made withSecret
	code, err := c.admin(ctx, method, path, body, &made)
	acknowledged, goOn := w.answered(code, err)
	switch {
	case !acknowledged:
		a.doubt = what
		return goOn
	case code != http.StatusOK:
		w.violated("%s was answered with %d", what, code)
		return true
	}
	a.apply(what)
	switch what {
	case rotate:
		w.acknowledged[rotated].Add(1)
		a.former, a.secret = a.secret, made.Secret
		if len(made.Client.Secrets) == 1 {
			a.secretID = made.Client.Secrets[0].ID
		} else {
			w.violated("after a rotation without overlap a client has %d secrets", len(made.Client.Secrets))
		}
	case revoke:
		w.acknowledged[clientRevoked].Add(1)
	default:
		w.acknowledged[otherChange].Add(1)
	}
	return true
}

func (w *worker) reload(ctx context.Context, c *caller) bool {
	w.site.mu.Lock()
	err := w.site.put(routes(w.upstream, w.random.IntN(2)))
	w.site.mu.Unlock()
	if err != nil {
		w.violated("writing the routes file: %v", err)
		return true
	}
	code, err := c.admin(ctx, http.MethodPost, "/admin/v1/reload", nil, nil)
	if acknowledged, goOn := w.answered(code, err); !acknowledged {
		return goOn
	}
	if code != http.StatusOK {
		w.violated("a reload was answered with %d", code)
	}
	w.acknowledged[reloaded].Add(1)
	return true
}
