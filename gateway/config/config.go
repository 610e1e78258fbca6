package config

import (
	"fmt"

	"scopegate/authz"
	"scopegate/strict"
)

// Config is one file as written, with its defaults filled in. Load makes it;
// it is not changed afterwards.
type Config struct {
	File      string // as problems name it
	OAuth     OAuth
	Scopes    []ScopeEntry // the catalogue, in the order of the file
	Limits    Limits
	Upstreams []Upstream // in the order of the file; at least one
	Routes    []RouteConfig
	Webhooks  []Webhook // in the order of the file

	version   int
	positions strict.Positions
}

// ScopeEntry is one scope of the catalogue.
type ScopeEntry struct {
	Name        authz.Scope
	Description string
}

var scopesKind = strict.Table[string, ScopeEntry]{
	Name: strict.Word(strict.Scalar[string]{
		Want:    "a scope: 1 to 200 visible ASCII characters but \" and \\",
		Pattern: scopeKind.Pattern,
	}),
	Value: strict.Word(strict.Scalar[string]{Want: "a description in words", Longest: 1000, Lines: true}),
	Join: func(name, description string) ScopeEntry {
		return ScopeEntry{authz.Scope(name), description}
	},
	Split: func(e ScopeEntry) (string, string) { return string(e.Name), e.Description },
}

var configObject = strict.Object[Config]{
	Title: "routes.yaml",
	Doc:   "The whole file.",
	Fresh: func() Config { return Config{OAuth: defaultOAuth(), Limits: defaultLimits()} },
	Fields: []strict.Field[Config]{
		strict.Key("version", strict.Integer[int]{Min: 1, Max: 1}, func(c *Config) *int { return &c.version },
			"The version of this grammar.").Required(),
		strict.Key("oauth", oauthObject, func(c *Config) *OAuth { return &c.OAuth },
			"The authorization server."),
		strict.Key("scopes", scopesKind, func(c *Config) *[]ScopeEntry { return &c.Scopes },
			"The catalogue: each scope with a description. A scope that a route asks for or that a client is granted must stand here; `scopegate.introspect`, whose holder may introspect any token, always does.").
			Or("no scopes but `scopegate.introspect`"),
		strict.Key("limits", limitsObject, func(c *Config) *Limits { return &c.Limits },
			"Limits over all routes."),
		strict.Key("upstreams", upstreamsKind, func(c *Config) *[]Upstream { return &c.Upstreams },
			"The backends, each under a name of 1 to 64 characters `a-z`, `0-9`, `.`, `_` and `-`.").Required(),
		strict.Key("routes", strict.List[RouteConfig]{Of: routeObject, Keep: true}, func(c *Config) *[]RouteConfig { return &c.Routes },
			"The guarded paths. The most specific one wins, whatever the order here.").Required(),
		strict.Key("webhooks", webhooksKind, func(c *Config) *[]Webhook { return &c.Webhooks },
			"Receivers of events, each under a name of 1 to 32 characters `a-z`, `0-9`, `.`, `_` and `-`.").Or("none"),
	},
}

// Problem returns a problem of the value at a path such as
// upstreams.billing.tls.ca_file, at its place in the file, or at that of the
// nearest value around it if it was not written.
func (c *Config) Problem(path, message string) Problem {
	at := c.positions.Of(path)
	return Problem{File: c.File, Line: at.Line, Col: at.Col, Path: path, Message: message}
}

// RoutePath returns the path of a key of the i-th route, with the keys on the
// way to it: routes[2].limits.body.
func RoutePath(i int, keys ...string) string { return joinAll(strict.Item("routes", i), keys) }

// UpstreamPath returns the path of a key of an upstream:
// upstreams.billing.tls.ca_file.
func UpstreamPath(name string, keys ...string) string {
	return joinAll(strict.Join("upstreams", name), keys)
}

func joinAll(path string, keys []string) string {
	for _, key := range keys {
		path = strict.Join(path, key)
	}
	return path
}

// Upstream returns the upstream of a name, nil if there is none.
func (c *Config) Upstream(name string) *Upstream {
	for i := range c.Upstreams {
		if c.Upstreams[i].Name == name {
			return &c.Upstreams[i]
		}
	}
	return nil
}

// Catalogue returns the scopes that may be asked for and granted: those of the
// file and scopegate.introspect.
func (c *Config) Catalogue() *authz.ScopeSet {
	scopes := []authz.Scope{authz.ScopeIntrospect}
	for _, s := range c.Scopes {
		scopes = append(scopes, s.Name)
	}
	return authz.NewScopeSet(scopes...)
}

// Summary says in one line what was loaded, e.g. "routes.yaml: 5 routes (1
// public), 2 upstreams, 4 scopes".
func (c *Config) Summary() string {
	public := 0
	for i := range c.Routes {
		if c.Routes[i].Public {
			public++
		}
	}
	return fmt.Sprintf("%s: %s (%d public), %s, %s", c.File, count(len(c.Routes), "route"), public,
		count(len(c.Upstreams), "upstream"), count(len(c.Scopes), "scope"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// MarshalJSON returns the effective configuration: the grammar of the file with
// all defaults, and [redacted] for what came from outside it. It can be loaded
// again unless something is redacted.
func (c *Config) MarshalJSON() ([]byte, error) {
	shown, _ := configObject.Show(*c)
	return strict.PlainJSON(shown)
}
