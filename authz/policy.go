package authz

import (
	"sync/atomic"
	"time"
)

// Policy is what one generation of the configuration asks of issuing: the
// scope catalogue and the token lifetimes. It is immutable.
type Policy struct {
	Issuer      string // RFC 8414; empty: the origin of the request's listener
	Realm       string
	TokenPrefix string
	TokenTTL    time.Duration // default lifetime of a token
	MaxTokenTTL time.Duration
	Scopes      *ScopeSet // the catalogue; ScopeIntrospect is in it
	Asked       *ScopeSet // those of it that routes ask for; nil: none
	// Resources are the RFC 8707 resources that routes belong to, each with the
	// scopes that these routes ask for.
	Resources map[string]*ScopeSet
}

// Knows reports whether the catalogue names the scope.
func (p *Policy) Knows(s Scope) bool { return s == ScopeIntrospect || p.Scopes.Has(s) }

// Granted returns what a client is granted that asks for no scope by name: all
// that it may have and the catalogue still names.
func (p *Policy) Granted(c *Client) *ScopeSet { return c.AllowedScopes.Only(p.Knows) }

// TTL returns the lifetime of a client's tokens, never above the maximum.
func (p *Policy) TTL(c *Client) time.Duration {
	ttl := c.AccessTokenTTL
	if ttl == 0 {
		ttl = p.TokenTTL
	}
	return min(ttl, p.MaxTokenTTL)
}

// CurrentPolicy is where a reload puts the Policy in force.
type CurrentPolicy struct{ p atomic.Pointer[Policy] }

// NewCurrentPolicy starts with the given policy.
func NewCurrentPolicy(p *Policy) *CurrentPolicy {
	c := &CurrentPolicy{}
	c.p.Store(p)
	return c
}

// Load returns the policy in force.
func (c *CurrentPolicy) Load() *Policy { return c.p.Load() }

// Store exchanges the policy in force.
func (c *CurrentPolicy) Store(p *Policy) { c.p.Store(p) }
