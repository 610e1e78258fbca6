package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"scopegate/authz"
)

// admits reports whether whoever meets inner meets outer too. A nil one is met
// by nobody.
func admits(outer, inner *authz.Requirement) bool {
	switch {
	case inner == nil || !inner.Public && inner.Empty():
		return true
	case outer == nil || !outer.Public && outer.Empty():
		return false
	case outer.Public:
		return true
	case inner.Public:
		return false
	case outer.Clients != nil && !isWithin(inner.Clients, outer.Clients):
		return false
	}
	for _, least := range leastScopes(inner) {
		if !least.HasAll(outer.Scopes) || outer.AnyScope.Len() > 0 && !least.HasAny(outer.AnyScope) {
			return false
		}
	}
	return true
}

func isWithin(inner, outer map[authz.ClientID]struct{}) bool {
	if inner == nil {
		return false
	}
	for id := range inner {
		if _, ok := outer[id]; !ok {
			return false
		}
	}
	return true
}

// leastScopes returns the smallest sets of scopes that meet a Requirement.
func leastScopes(r *authz.Requirement) []*authz.ScopeSet {
	if r.AnyScope.Len() == 0 {
		return []*authz.ScopeSet{r.Scopes}
	}
	var least []*authz.ScopeSet
	for _, s := range r.AnyScope.List() {
		least = append(least, authz.NewScopeSet(append(r.Scopes.List(), s)...))
	}
	return least
}

// asks says what a Requirement demands.
func asks(r *authz.Requirement) string {
	if r.Public {
		return "nothing of anybody"
	}
	var parts []string
	if n := r.Scopes.Len(); n > 0 {
		parts = append(parts, r.Scopes.String())
	}
	if r.AnyScope.Len() > 0 {
		parts = append(parts, "one of "+r.AnyScope.String())
	}
	if len(r.Clients) > 0 {
		parts = append(parts, "to be client "+clientWords(r.Clients))
	}
	return strings.Join(parts, ", and ")
}

func clientWords(ids map[authz.ClientID]struct{}) string {
	var words []string
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		words = append(words, string(id))
	}
	if len(words) > 5 {
		words = append(words[:5], fmt.Sprintf("%d more", len(ids)-5))
	}
	return strings.Join(words, " or ")
}

// eased and hardened say what of a Requirement lets more callers in, and what
// fewer, when next takes the place of old.
func eased(old, next *authz.Requirement) []string { return steps(next, old, easing) }

func hardened(old, next *authz.Requirement) []string { return steps(old, next, hardening) }

// phrases are the words for a demand that only strict makes, not lax.
type phrases struct{ public, scope, other, any, client, clients string }

var (
	easing = phrases{
		"is public now: no token is asked for", "does not ask for %s any more", "takes %s as well",
		"does not ask for one of %s any more", "lets client %s in", "lets every client in, not only %s",
	}
	hardening = phrases{
		"is not public any more", "asks for %s too", "does not take %s any more",
		"asks for one of %s", "shuts client %s out", "lets only client %s in",
	}
)

// steps names what strict asks and lax does not.
func steps(lax, strict *authz.Requirement, say phrases) (words []string) {
	if lax.Public && !strict.Public {
		return []string{say.public}
	}
	if strict.Public {
		return nil
	}
	for _, s := range strict.Scopes.List() {
		if !lax.Scopes.Has(s) {
			words = append(words, fmt.Sprintf(say.scope, s))
		}
	}
	switch {
	case strict.AnyScope.Len() == 0:
	case lax.AnyScope.Len() == 0:
		words = append(words, fmt.Sprintf(say.any, strict.AnyScope))
	default:
		for _, s := range lax.AnyScope.List() {
			if !strict.AnyScope.Has(s) {
				words = append(words, fmt.Sprintf(say.other, s))
			}
		}
	}
	switch {
	case strict.Clients == nil:
	case lax.Clients == nil:
		words = append(words, fmt.Sprintf(say.clients, clientWords(strict.Clients)))
	default:
		for _, id := range slices.Sorted(maps.Keys(lax.Clients)) {
			if _, ok := strict.Clients[id]; !ok {
				words = append(words, fmt.Sprintf(say.client, id))
			}
		}
	}
	return words
}
