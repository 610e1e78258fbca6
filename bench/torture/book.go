//go:build linux

package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
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
	write bool      // it was issued with invoices.write
	seen  int       // how often it was found dead
	at    time.Time // when it was acknowledged
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
	tokensOnly   atomic.Bool  // the workers issue and use tokens and change nothing

	mu    sync.Mutex
	wrong []string
	loss
}

// loss is what the latest power cut may take, and what all of them took.
type loss struct {
	from, to, cut time.Time     // tokens acknowledged meanwhile; when it began
	lost          int           // tokens
	oldest        time.Duration // before the cut
}

// mayLose says which tokens the latest cut may have taken.
func (t *tally) mayLose(from, to, cut time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.from, t.to, t.cut = from, to, cut
}

// isLost reports whether a token that is gone is one that may be, and counts it.
func (t *tally) isLost(at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.Before(t.from) || !at.Before(t.to) {
		return false
	}
	t.lost++
	t.oldest = max(t.oldest, t.cut.Sub(at))
	return true
}

// losses tell what was lost.
func (t *tally) losses() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("tokens lost: %d, the oldest acknowledged %s before its cut", t.lost, t.oldest.Round(time.Millisecond))
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
