package config

import (
	"fmt"

	"scopegate/authz"
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

	version   int
	positions map[string]position
}

// ScopeEntry is one scope of the catalogue.
type ScopeEntry struct {
	Name        authz.Scope
	Description string
}

var scopesKind = table[string, ScopeEntry]{
	name: word(scalar[string]{
		want:    "a scope: 1 to 200 visible ASCII characters but \" and \\",
		pattern: scopeKind.pattern,
	}),
	value: word(scalar[string]{want: "a description in words", longest: 1000, lines: true}),
	join: func(name, description string) ScopeEntry {
		return ScopeEntry{authz.Scope(name), description}
	},
	split: func(e ScopeEntry) (string, string) { return string(e.Name), e.Description },
}

var configObject = object[Config]{
	title: "routes.yaml",
	doc:   "The whole file.",
	fresh: func() Config { return Config{OAuth: defaultOAuth(), Limits: defaultLimits()} },
	fields: []field[Config]{
		key("version", integer[int]{1, 1}, func(c *Config) *int { return &c.version },
			"The version of this grammar.").must(),
		key("oauth", oauthObject, func(c *Config) *OAuth { return &c.OAuth },
			"The authorization server."),
		key("scopes", scopesKind, func(c *Config) *[]ScopeEntry { return &c.Scopes },
			"The catalogue: each scope with a description. A scope that a route asks for or that a client is granted must stand here; `scopegate.introspect`, whose holder may introspect any token, always does.").
			or("no scopes but `scopegate.introspect`"),
		key("limits", limitsObject, func(c *Config) *Limits { return &c.Limits },
			"Limits over all routes."),
		key("upstreams", upstreamsKind, func(c *Config) *[]Upstream { return &c.Upstreams },
			"The backends, each under a name of 1 to 64 characters `a-z`, `0-9`, `.`, `_` and `-`.").must(),
		key("routes", list[RouteConfig]{of: routeObject, keep: true}, func(c *Config) *[]RouteConfig { return &c.Routes },
			"The guarded paths. The most specific one wins, whatever the order here.").must(),
	},
}

// Problem returns a problem of the value at a path such as
// upstreams.billing.tls.ca_file, at its place in the file, or at that of the
// nearest value around it if it was not written.
func (c *Config) Problem(path, message string) Problem {
	at := locate(c.positions, path)
	return Problem{c.File, at.line, at.col, path, message}
}

// RoutePath returns the path of a key of the i-th route, with the keys on the
// way to it: routes[2].limits.body.
func RoutePath(i int, keys ...string) string { return joinAll(item("routes", i), keys) }

// UpstreamPath returns the path of a key of an upstream:
// upstreams.billing.tls.ca_file.
func UpstreamPath(name string, keys ...string) string { return joinAll(join("upstreams", name), keys) }

func joinAll(path string, keys []string) string {
	for _, key := range keys {
		path = join(path, key)
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
	shown, _ := configObject.show(*c)
	return plainJSON(shown)
}
