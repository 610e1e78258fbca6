package historytest_test

import (
	"testing"

	"github.com/anishathalye/porcupine"

	h "scopegate/store/historytest"
)

// The model must refuse what the product must not do, or it proves nothing.
func TestTheModelRefusesAFalseHistory(t *testing.T) {
	at := int64(0)
	then := func(in h.Act, out h.Outcome) porcupine.Operation {
		at += 2
		return porcupine.Operation{Input: in, Call: at, Output: out, Return: at + 1}
	}
	first := then(h.Act{Kind: h.Rotate}, h.Outcome{Text: "s1"})
	token := then(h.Act{Kind: h.Issue}, h.Outcome{Yes: true})
	alive := func() porcupine.Operation {
		return then(h.Act{Kind: h.Check}, h.Outcome{Yes: true})
	}
	for name, rest := range map[string][]porcupine.Operation{
		"alive after its revocation":          {then(h.Act{Kind: h.RevokeToken}, h.Outcome{}), alive()},
		"alive after its client was revoked":  {then(h.Act{Kind: h.RevokeClient}, h.Outcome{}), alive()},
		"alive after its client was disabled": {then(h.Act{Kind: h.Disable}, h.Outcome{}), then(h.Act{Kind: h.Enable}, h.Outcome{}), alive()},
		"dead without a reason":               {then(h.Act{Kind: h.Check}, h.Outcome{})},
		"back from revocation":                {then(h.Act{Kind: h.RevokeClient}, h.Outcome{}), then(h.Act{Kind: h.Enable}, h.Outcome{})},
		"an old secret":                       {then(h.Act{Kind: h.Rotate}, h.Outcome{Text: "s2"}), then(h.Act{Kind: h.Authenticate, Text: "s1"}, h.Outcome{Yes: true})},
		"issued to a disabled client":         {then(h.Act{Kind: h.Disable}, h.Outcome{}), then(h.Act{Kind: h.Issue}, h.Outcome{Yes: true, Token: 1})},
		"half a change":                       {then(h.Act{Kind: h.Disable}, h.Outcome{Unanswered: true}), then(h.Act{Kind: h.Check}, h.Outcome{}), alive()},
		"alive after a change found done":     {then(h.Act{Kind: h.RevokeToken}, h.Outcome{Unanswered: true}), then(h.Act{Kind: h.RevokeToken}, h.Outcome{}), alive()},
		"a secret that came back":             {then(h.Act{Kind: h.Rotate}, h.Outcome{Unanswered: true}), then(h.Act{Kind: h.Issue, Text: "s1"}, h.Outcome{}), then(h.Act{Kind: h.Issue, Text: "s1"}, h.Outcome{Yes: true, Token: 1})},
	} {
		if porcupine.CheckOperations(h.Model(), append([]porcupine.Operation{first, token}, rest...)) {
			t.Errorf("%s: the model takes it for possible", name)
		}
	}
	dead := func() porcupine.Operation { return then(h.Act{Kind: h.Check}, h.Outcome{}) }
	for name, rest := range map[string][]porcupine.Operation{
		"alive":                             {alive()},
		"a change that nobody heard of":     {then(h.Act{Kind: h.Disable}, h.Outcome{Unanswered: true}), alive(), alive()},
		"a change found done":               {then(h.Act{Kind: h.Disable}, h.Outcome{Unanswered: true}), dead(), dead()},
		"a rotation that nobody heard of":   {then(h.Act{Kind: h.Rotate}, h.Outcome{Unanswered: true}), then(h.Act{Kind: h.Issue, Text: "s1"}, h.Outcome{Yes: true, Token: 1})},
		"no change of one that is revoked":  {then(h.Act{Kind: h.RevokeClient}, h.Outcome{}), then(h.Act{Kind: h.Enable}, h.Outcome{Unanswered: true}), dead()},
		"a revocation found done and again": {then(h.Act{Kind: h.RevokeToken}, h.Outcome{Unanswered: true}), dead(), then(h.Act{Kind: h.RevokeToken}, h.Outcome{}), dead()},
	} {
		if !porcupine.CheckOperations(h.Model(), append([]porcupine.Operation{first, token}, rest...)) {
			t.Errorf("%s: the model refuses what is right", name)
		}
	}
}
