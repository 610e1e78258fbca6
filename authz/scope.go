package authz

import (
	"fmt"
	"slices"
	"strings"
)

// MaxScopeLength is the longest scope in bytes.
const MaxScopeLength = 200

// MaxScopes is the most scopes that one client may have.
const MaxScopes = 100

// ScopeIntrospect is the reserved scope whose holder may introspect any token.
const ScopeIntrospect Scope = "scopegate.introspect"

// Scope is one permission, e.g. "invoices.read": exact and case-sensitive,
// in the alphabet of RFC 6749 section 3.3.
type Scope string

// ParseScope reads one scope-token (RFC 6749 section 3.3), 1 to
// MaxScopeLength bytes long.
func ParseScope(s string) (Scope, error) {
	if s == "" {
		return "", fmt.Errorf("scope is empty")
	}
	if len(s) > MaxScopeLength {
		return "", fmt.Errorf("scope is longer than %d bytes", MaxScopeLength)
	}
	for i := 0; i < len(s); i++ {
		if !isScopeChar(s[i]) {
			return "", fmt.Errorf("scope has the character %q, which RFC 6749 3.3 does not allow", s[i])
		}
	}
	return Scope(s), nil
}

func isScopeChar(c byte) bool {
	return c == 0x21 || c >= 0x23 && c <= 0x5b || c >= 0x5d && c <= 0x7e
}

// ScopeSet is an immutable, sorted set of scopes with its text made once, so
// that the request path neither joins nor sorts. The nil *ScopeSet is empty.
type ScopeSet struct {
	list []Scope
	text string
}

// NewScopeSet returns the set of the given scopes, each once, in byte order.
func NewScopeSet(scopes ...Scope) *ScopeSet {
	list := slices.Clone(scopes)
	slices.Sort(list)
	list = slices.Compact(list)
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(s))
	}
	return &ScopeSet{list: list, text: b.String()}
}

// ParseScopeSet reads a space-separated scope string (RFC 6749 section 3.3).
// Repeated scopes count once; empty text is the empty set. Leading, trailing
// and doubled spaces are refused, since the grammar has none.
func ParseScopeSet(text string) (*ScopeSet, error) {
	if text == "" {
		return NewScopeSet(), nil
	}
	var list []Scope
	for word := range strings.SplitSeq(text, " ") {
		s, err := ParseScope(word)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return NewScopeSet(list...), nil
}

// String returns the scopes joined by single spaces, in byte order.
func (s *ScopeSet) String() string {
	if s == nil {
		return ""
	}
	return s.text
}

// List returns a copy of the scopes in byte order; never nil.
func (s *ScopeSet) List() []Scope {
	if s == nil || len(s.list) == 0 {
		return []Scope{}
	}
	return slices.Clone(s.list)
}

// Strings returns the scopes as strings in byte order; never nil.
func (s *ScopeSet) Strings() []string {
	out := make([]string, 0, s.Len())
	if s != nil {
		for _, scope := range s.list {
			out = append(out, string(scope))
		}
	}
	return out
}

// Len returns the number of scopes.
func (s *ScopeSet) Len() int {
	if s == nil {
		return 0
	}
	return len(s.list)
}

// At returns the i-th scope in byte order, 0 <= i < Len.
func (s *ScopeSet) At(i int) Scope { return s.list[i] }

// Has reports whether the set holds exactly this scope.
func (s *ScopeSet) Has(scope Scope) bool { return s != nil && s.index(scope) >= 0 }

// index returns where the scope stands in byte order, below zero if it does not.
func (s *ScopeSet) index(scope Scope) int {
	if len(s.list) <= 8 {
		return slices.Index(s.list, scope)
	}
	if i, ok := slices.BinarySearch(s.list, scope); ok {
		return i
	}
	return -1
}

// HasAll reports whether every scope of other is in the set.
func (s *ScopeSet) HasAll(other *ScopeSet) bool {
	if other == nil {
		return true
	}
	for _, scope := range other.list {
		if !s.Has(scope) {
			return false
		}
	}
	return true
}

// HasAny reports whether at least one scope of other is in the set.
func (s *ScopeSet) HasAny(other *ScopeSet) bool {
	if other == nil {
		return false
	}
	return slices.ContainsFunc(other.list, s.Has)
}

// Within returns the scopes that are also in limit: the set itself, without
// allocating, where limit holds them all.
func (s *ScopeSet) Within(limit *ScopeSet) *ScopeSet {
	if s == limit {
		return s
	}
	return s.Only(limit.Has)
}

// Only returns the scopes of which may is true: the set itself, without
// allocating, where it is true of all.
func (s *ScopeSet) Only(may func(Scope) bool) *ScopeSet {
	if s == nil {
		return s
	}
	barred := func(scope Scope) bool { return !may(scope) }
	if !slices.ContainsFunc(s.list, barred) {
		return s
	}
	return NewScopeSet(slices.DeleteFunc(slices.Clone(s.list), barred)...)
}

// Equal reports whether both sets hold the same scopes.
func (s *ScopeSet) Equal(other *ScopeSet) bool { return s.String() == other.String() }
