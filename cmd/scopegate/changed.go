package main

import (
	"strings"

	"scopegate/authz"
)

// changed tells others of a control change that was made, whoever asked for it
// and by whichever way: the count of what ended tokens, and the webhooks.
func (s *server) changed(ch *authz.Change) {
	if cause := revocationCause(ch); cause != "" {
		s.metrics.TokenRevoked(cause)
	}
	s.webhooks.Wake()
}

// revocationCause is the cause, as metrics have it, by which a change ended
// tokens; empty: it ended none.
func revocationCause(ch *authz.Change) string {
	switch ch.Kind {
	case authz.EventClientRevoked:
		return "client_revoked"
	case authz.EventClientDisabled:
		return "client_disabled"
	case authz.EventTokensRevoked:
		return "client_tokens"
	case authz.EventTokenRevoked:
		if strings.HasPrefix(ch.Actor, "client:") {
			return "client"
		}
		return "admin"
	}
	return ""
}
