package main

import (
	"strings"

	"scopegate/authz"
)

// changed tells others of a control change that was made, whoever asked for it
// and by whichever way: the metrics, and the webhooks.
func (s *server) changed(id authz.ClientID, ch *authz.Change) {
	if cause := revocationCause(ch); cause != "" {
		s.metrics.TokenRevoked(cause)
	}
	if ch.Kind == authz.EventClientRevoked {
		s.metrics.ForgetClient(string(id)) // its place under the cap is free
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
