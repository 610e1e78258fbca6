package config

import (
	"gopkg.in/yaml.v3"

	"scopegate/authz"
	"scopegate/strict"
)

// scopeSet is a list of scopes, kept as a set.
type scopeSet struct{ strict.List[authz.Scope] }

func (k scopeSet) Read(r *strict.Reader, n *yaml.Node, path string) (*authz.ScopeSet, bool) {
	scopes, ok := k.List.Read(r, n, path)
	for i, s := range scopes {
		if s != "" {
			r.Mention(string(s), strict.Item(path, i))
		}
	}
	if !ok {
		return nil, false
	}
	return authz.NewScopeSet(scopes...), true
}

func (k scopeSet) Show(v *authz.ScopeSet) (any, bool) { return k.List.Show(v.List()) }
