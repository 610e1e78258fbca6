package historytest

import (
	"fmt"

	"github.com/anishathalye/porcupine"

	"scopegate/authz"
)

// Kind is what a caller does.
type Kind int

// The kinds of operations on a client.
const (
	Issue Kind = iota
	Check
	RevokeToken
	Rotate
	Authenticate
	Disable
	Enable
	RevokeClient
)

// An Act is one operation on a client, as its caller sees it.
type Act struct {
	Kind  Kind
	Token int // number of the token within its client: RevokeToken, Check
	// Text is the secret that is tried: Authenticate, and Issue where it goes
	// through the token endpoint; empty there: the client is not authenticated.
	Text string
}

// Outcome is what the caller was told.
type Outcome struct {
	Yes   bool   // issued, alive, authenticated
	Token int    // number of the issued token
	Text  string // the new secret
	// Unanswered says that nothing was told: the change happened or did not.
	// The operation must end in the history when it can no longer happen, which
	// is when the process is gone. Other kinds than changes have no such
	// outcome: nobody learns what they would have said.
	Unanswered bool
}

// MaxTokens bounds the tokens of one client in a history.
const MaxTokens = 256

// unheard is the secret that a rotation without an answer has made.
const unheard = "(nobody was told)"

// state is a client in the model.
type state struct {
	status authz.Status
	secret string
	alive  [MaxTokens / 64]uint64 // tokens, by number
}

func (s state) has(n int) bool { return s.alive[n/64]&(1<<(n%64)) != 0 }

// step is the model: dead tokens stay dead, whatever follows.
func step(s state, in Act, out Outcome) (bool, state) {
	switch in.Kind {
	case Issue:
		may := s.status == authz.StatusActive && (in.Text == "" || in.Text == s.secret)
		if out.Yes {
			s.alive[out.Token/64] |= 1 << (out.Token % 64)
		}
		return out.Yes == may, s
	case Check:
		return out.Yes == s.has(in.Token), s
	case RevokeToken:
		s.alive[in.Token/64] &^= 1 << (in.Token % 64)
	case Rotate:
		s.secret = out.Text
		return s.status != authz.StatusRevoked, s
	case Authenticate:
		return out.Yes == (s.status == authz.StatusActive && s.secret == in.Text), s
	case Disable:
		before := s.status
		s.status, s.alive = authz.StatusDisabled, [MaxTokens / 64]uint64{}
		return before != authz.StatusRevoked, s
	case Enable:
		before := s.status
		s.status = authz.StatusActive
		return before != authz.StatusRevoked, s
	case RevokeClient:
		s.status, s.alive = authz.StatusRevoked, [MaxTokens / 64]uint64{}
	}
	return true, s
}

// steps are the states that may follow: one, none if the outcome is
// impossible, two if nobody knows whether the act happened.
func steps(s state, in Act, out Outcome) []any {
	if !out.Unanswered {
		if ok, next := step(s, in, out); ok {
			return []any{next}
		}
		return nil
	}
	if in.Kind == Rotate {
		out.Text = unheard
	}
	if ok, next := step(s, in, out); ok && next != s {
		return []any{s, next}
	}
	return []any{s}
}

// Model begins with an active client; its first act is a rotation, which says
// what its secret is.
func Model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{status: authz.StatusActive}} },
		Step: func(s, in, out any) []any { return steps(s.(state), in.(Act), out.(Outcome)) },
		DescribeOperation: func(in, out any) string {
			return fmt.Sprintf("%+v -> %+v", in, out)
		},
	}
	return m.ToModel()
}
