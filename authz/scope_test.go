package authz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

func TestScopeAlphabetOfRFC6749Section3_3(t *testing.T) {
	for c := range 256 {
		allowed := c == 0x21 || c >= 0x23 && c <= 0x5b || c >= 0x5d && c <= 0x7e
		if _, err := authz.ParseScope("a" + string([]byte{byte(c)})); (err == nil) != allowed {
			t.Errorf("byte %#x: %v, allowed is %t", c, err, allowed)
		}
	}
	for _, bad := range []string{"", "a b", "a\\b", `a"b`, "ä", "a\x00", strings.Repeat("a", authz.MaxScopeLength+1)} {
		if _, err := authz.ParseScope(bad); err == nil {
			t.Errorf("%.20q was taken for a scope", bad)
		}
	}
	if _, err := authz.ParseScope(strings.Repeat("a", authz.MaxScopeLength)); err != nil {
		t.Errorf("the longest scope is refused: %v", err)
	}
}

func TestScopeStringsOfRFC6749Section3_3(t *testing.T) {
	good := map[string][]string{
		"":                             {},
		"invoices.read":                {"invoices.read"},
		"b a":                          {"a", "b"},
		"a b a":                        {"a", "b"},
		"Invoices.Read invoices.read":  {"Invoices.Read", "invoices.read"},
		"urn:x:y https://a.example/~z": {"https://a.example/~z", "urn:x:y"},
	}
	for text, want := range good {
		set, err := authz.ParseScopeSet(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, set.Strings()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for _, bad := range []string{" ", " a", "a ", "a  b", "a\tb", "a\nb", "a,b\x7f", "a \"b\""} {
		if set, err := authz.ParseScopeSet(bad); err == nil {
			t.Errorf("%q was read as %q", bad, set)
		}
	}
}

func TestTheNilScopeSetIsEmpty(t *testing.T) {
	var none *authz.ScopeSet
	some := authz.NewScopeSet("a")
	if none.Len() != 0 || none.String() != "" || none.List() == nil || none.Strings() == nil || none.Has("a") {
		t.Error("the nil set is not empty")
	}
	if none.HasAll(some) || !none.HasAll(nil) || none.HasAny(some) || some.HasAny(nil) || !some.HasAll(nil) {
		t.Error("the nil set is not the empty set")
	}
	if !none.Equal(authz.NewScopeSet()) || none.Equal(some) {
		t.Error("the nil set does not equal the empty set only")
	}
	if got := none.Within(some); got.Len() != 0 {
		t.Errorf("nothing within something is %q", got)
	}
	if got := some.Within(nil); got.Len() != 0 {
		t.Errorf("something within nothing is %q", got)
	}
}

// scopesOf returns the scopes whose bits are set: twelve, so that both ways of
// searching a set are taken.
func scopesOf(bits int) []authz.Scope {
	var list []authz.Scope
	for i := range 12 {
		if bits&(1<<i) != 0 {
			list = append(list, authz.Scope(fmt.Sprintf("s%d", i)))
		}
	}
	return list
}

func TestScopeSetsAgreeWithSetsOfBits(t *testing.T) {
	for a := 0; a < 1<<12; a += 37 {
		for b := 0; b < 1<<12; b += 41 {
			x, y := authz.NewScopeSet(scopesOf(a)...), authz.NewScopeSet(scopesOf(b)...)
			if x.HasAll(y) != (a&b == b) || x.HasAny(y) != (a&b != 0) || x.Equal(y) != (a == b) {
				t.Fatalf("%q and %q: all %t, any %t, equal %t", x, y, x.HasAll(y), x.HasAny(y), x.Equal(y))
			}
			if got, want := x.Within(y), authz.NewScopeSet(scopesOf(a&b)...); !got.Equal(want) {
				t.Fatalf("%q within %q is %q, want %q", x, y, got, want)
			}
		}
	}
}

func TestScopesMatchExactly(t *testing.T) {
	set := authz.NewScopeSet("invoices.read")
	for _, near := range []authz.Scope{"Invoices.read", "invoices", "invoices.read.all", "invoices.*", "*", "", "invoices.rea"} {
		if set.Has(near) {
			t.Errorf("%q is held by a set of %q", near, set)
		}
	}
}

func TestScopeSetsCannotBeChangedFromOutside(t *testing.T) {
	list := []authz.Scope{"b", "a"}
	set := authz.NewScopeSet(list...)
	list[0] = "admin"
	set.List()[0] = "admin"
	set.Strings()[0] = "admin"
	if set.Has("admin") || set.String() != "a b" || set.At(0) != "a" {
		t.Errorf("the set became %q", set)
	}
}

func TestNarrowingThatTakesNothingAllocatesNothing(t *testing.T) {
	token, client := authz.NewScopeSet("a", "c"), authz.NewScopeSet("a", "b", "c")
	if n := testing.AllocsPerRun(100, func() {
		if token.Within(client) != token {
			t.Error("the set was copied")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{"", "a", "b a", "invoices.read invoices.read", " ", "a  b", "ä", "a\x00b", "!#[]~"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := authz.ParseScopeSet(text)
		if err != nil {
			return
		}
		again, err := authz.ParseScopeSet(set.String())
		if err != nil || !again.Equal(set) || again.String() != set.String() {
			t.Fatalf("%q reads as %q, which reads as %q (%v)", text, set, again, err)
		}
		words := strings.Fields(text)
		for _, word := range words {
			if !set.Has(authz.Scope(word)) {
				t.Fatalf("%q lacks %q", set, word)
			}
		}
		for _, s := range set.Strings() {
			if !slices.Contains(words, s) {
				t.Fatalf("%q holds %q, which is not in %q", set, s, text)
			}
		}
	})
}
