package diff

import (
	"fmt"
	"slices"

	"scopegate/gateway/config"
)

func (c *changer) headers(old, next *config.RouteConfig) {
	c.list = append(c.list, headers(c.who, old.RequestHeaders, next.RequestHeaders, old.ResponseHeaders, next.ResponseHeaders)...)
}

// headers compares what is changed in requests and in answers, for a route or
// an upstream. It names headers and never their values.
func headers(who string, oldRequest, nextRequest, oldResponse, nextResponse config.HeaderRules) (changes []Change) {
	words := append(rules("request", oldRequest, nextRequest), rules("response", oldResponse, nextResponse)...)
	if len(words) == 0 {
		return nil
	}
	return []Change{{Effect: Neither, Words: who + " " + join(words)}}
}

func rules(of string, old, next config.HeaderRules) (words []string) {
	what := of + " header "
	words = append(words, values("sets "+what, "does not set "+what, old.Set, next.Set)...)
	words = append(words, values("adds "+what, "does not add "+what, old.Add, next.Add)...)
	for _, name := range added(old.Remove, next.Remove) {
		words = append(words, "removes "+what+name)
	}
	for _, name := range added(next.Remove, old.Remove) {
		words = append(words, "does not remove "+what+name+" any more")
	}
	return words
}

// principalHeaders compares the names in which a backend reads who is calling.
func principalHeaders(who string, old, next []config.Header) []Change {
	words := values("says who is calling in ", "does not say who is calling in ", old, next)
	if len(words) == 0 {
		return nil
	}
	return []Change{{Effect: Neither, Words: who + " " + join(words)}}
}

// assertion compares the signed statements that a backend gets.
func assertion(who string, old, next *config.Assertion) []Change {
	var words string
	switch {
	case old == nil && next == nil || old != nil && next != nil && *old == *next:
		return nil
	case next == nil:
		words = "gets no signed assertion any more"
	case old == nil || old.Audience == next.Audience:
		words = fmt.Sprintf("gets signed assertions for the audience %s, good for %s", next.Audience, next.TTL)
	default:
		words = fmt.Sprintf("gets signed assertions for the audience %s, before for %s", next.Audience, old.Audience)
	}
	return []Change{{Effect: Neither, Words: who + " " + words}}
}

func values(does, doesNot string, old, next []config.Header) (words []string) {
	for _, h := range next {
		switch was := find(old, h.Name); {
		case was == nil:
			words = append(words, does+h.Name)
		case !was.Value.Equal(h.Value):
			words = append(words, does+h.Name+" with another value")
		}
	}
	for _, h := range old {
		if find(next, h.Name) == nil {
			words = append(words, doesNot+h.Name+" any more")
		}
	}
	return words
}

func find(headers []config.Header, name string) *config.Header {
	if i := slices.IndexFunc(headers, func(h config.Header) bool { return h.Name == name }); i >= 0 {
		return &headers[i]
	}
	return nil
}
