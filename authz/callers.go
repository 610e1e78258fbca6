package authz

import "time"

// RouteRequirement is what a route of this name demands.
type RouteRequirement struct {
	Route       string
	Requirement *Requirement
}

// AskedScopes returns the scopes that at least one of the routes asks for.
func AskedScopes(routes []RouteRequirement) *ScopeSet {
	seen := map[Scope]struct{}{}
	var asked []Scope
	for _, r := range routes {
		for _, set := range []*ScopeSet{r.Requirement.Scopes, r.Requirement.AnyScope} {
			for i := range set.Len() {
				if _, twice := seen[set.At(i)]; !twice {
					seen[set.At(i)] = struct{}{}
					asked = append(asked, set.At(i))
				}
			}
		}
	}
	return NewScopeSet(asked...)
}

// Lack says why nobody may call a route.
type Lack string

// The reasons why nobody may call a route.
const (
	LackNone   Lack = ""        // somebody may
	LackClient Lack = "clients" // no client of the route's list can have a token
	LackScopes Lack = "scopes"  // no client that may call it can have a token with the scopes
)

// Callers are the clients that can have a token, with the widest that each can
// have. They answer who may call a route; where it may be called from is not
// looked at.
type Callers struct {
	catalogue *ScopeSet
	now       time.Time
	widest    map[ClientID]*ScopeSet
	kinds     map[string]*ScopeSet // the distinct ones of them, by their text
}

// NewCallers returns no callers yet, under the policy as it stands at now.
func NewCallers(p *Policy, now time.Time) *Callers {
	catalogue := NewScopeSet(append(p.Scopes.List(), ScopeIntrospect)...)
	return &Callers{catalogue: catalogue, now: now, widest: map[ClientID]*ScopeSet{}, kinds: map[string]*ScopeSet{}}
}

// Add adds a client if it can have a token: it is active, may use the grant,
// has a secret that lives, and of its scopes, if it has any, the catalogue
// names one.
func (cs *Callers) Add(c *Client) {
	if c.Status != StatusActive || !c.Confidential || !c.MayUse(GrantClientCredentials) || !c.livingSecret(cs.now) {
		return
	}
	scopes := c.AllowedScopes.Within(cs.catalogue)
	if scopes.Len() == 0 && c.AllowedScopes.Len() > 0 {
		return
	}
	if kind, ok := cs.kinds[scopes.String()]; ok {
		scopes = kind
	}
	cs.kinds[scopes.String()], cs.widest[c.ID] = scopes, scopes
}

// Lack returns why none of the callers meets the requirement.
func (cs *Callers) Lack(r *Requirement) Lack {
	switch {
	case r.Public:
		return LackNone
	case r.Clients == nil:
		for _, scopes := range cs.kinds {
			if r.Judge("", scopes) == ReasonAllowed {
				return LackNone
			}
		}
		return LackScopes
	}
	lack := LackClient
	for id := range r.Clients {
		if scopes, ok := cs.widest[id]; ok {
			if r.Judge(id, scopes) == ReasonAllowed {
				return LackNone
			}
			lack = LackScopes
		}
	}
	return lack
}
