//go:build linux

package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// fate is what the book knows of a token.
type fate uint8

const (
	alive fate = iota
	dead
	unsure // its revocation got no answer
)

// token is an issued token as the book has it.
type token struct {
	text  string
	fate  fate
	write bool // it was issued with invoices.write
	seen  int  // how often it was found dead
}

// account is a client as the book has it. Only its worker touches it, so that
// at most one change of it is ever without an answer.
type account struct {
	id, secret string
	secretID   string
	former     string // the secret before
	status     string // active, disabled, revoked
	write      bool   // it may have invoices.write
	doubt      change // what got no answer
	tokens     []*token
}

// change is a control change of a client.
type change string

const (
	none    change = ""
	revoke  change = "revoke"
	disable change = "disable"
	enable  change = "enable"
	rotate  change = "rotate"
	narrow  change = "narrow"
	widen   change = "widen"
)

// statusAfter is the status that a change leads to; empty: it stays.
var statusAfter = map[change]string{revoke: "revoked", disable: "disabled", enable: "active"}

// apply notes an acknowledged change.
func (a *account) apply(c change) {
	if s := statusAfter[c]; s != "" {
		a.status = s
	}
	switch c {
	case revoke, disable:
		for _, t := range a.tokens {
			t.fate = dead
		}
	case narrow:
		a.write = false
	case widen:
		a.write = true
	}
}

// tally counts what was done and lists what was wrong.
type tally struct {
	acknowledged [8]atomic.Int64 // by deed
	unanswered   atomic.Int64
	refused      atomic.Int64 // with 5xx: not acknowledged
	checks       atomic.Int64 // tokens, clients and secrets asked for

	mu    sync.Mutex
	wrong []string
}

// deed indexes tally.acknowledged.
type deed int

const (
	issued deed = iota
	used
	tokenRevoked
	registered
	rotated
	clientRevoked
	otherChange
	reloaded
)

var deedNames = [8]string{"tokens issued", "tokens used", "tokens revoked", "clients registered", "secrets rotated", "clients revoked", "disabled, enabled or rescoped", "reloads"}

// violated notes a broken promise.
func (t *tally) violated(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
}

// broken returns the first violations as an error, nil if there is none.
func (t *tally) broken() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%d promises were broken:\n  %s", len(t.wrong), strings.Join(t.wrong[:min(len(t.wrong), 20)], "\n  "))
}
