package authz

// Requirement is what a route demands of a caller. The zero value demands a
// valid token and then refuses, since it names no scope and no client: only a
// Requirement that says something can be met, and only Public opens a route.
type Requirement struct {
	Public   bool                  // no token is looked at
	Scopes   *ScopeSet             // all of them; nil: none asked
	AnyScope *ScopeSet             // at least one of them; nil: none asked
	Clients  map[ClientID]struct{} // only these clients; nil: any client
	// Resource is the protected resource that the route belongs to (RFC 8707);
	// empty: a token bound to resources does not open it.
	Resource string
}

// Empty reports whether nothing is demanded, which the Authorizer refuses.
func (r *Requirement) Empty() bool {
	return r.Scopes.Len() == 0 && r.AnyScope.Len() == 0 && len(r.Clients) == 0
}

// NeededScopes returns the scope attribute of an insufficient_scope challenge
// (RFC 6750 section 3): all required scopes, then the alternatives.
func (r *Requirement) NeededScopes() string {
	switch {
	case r.AnyScope.Len() == 0:
		return r.Scopes.String()
	case r.Scopes.Len() == 0:
		return r.AnyScope.String()
	}
	return NewScopeSet(append(r.Scopes.List(), r.AnyScope.List()...)...).String()
}
