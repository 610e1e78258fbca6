package openapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"scopegate/authz"
)

// scheme is a security scheme; scopes is nil unless it has a
// client-credentials flow.
type scheme struct{ scopes map[string]string }

// readSchemes reads components.securitySchemes.
func (im *importer) readSchemes(n *yaml.Node) map[string]*scheme {
	schemes := map[string]*scheme{}
	for name, s := range entries(n) {
		schemes[name.Value] = &scheme{}
		flow := child(child(s, "flows"), "clientCredentials")
		if text(child(s, "type")) != "oauth2" || flow == nil {
			continue // told where it is used
		}
		scopes := map[string]string{}
		for scope, description := range entries(child(flow, "scopes")) {
			scopes[scope.Value] = text(description)
		}
		schemes[name.Value].scopes = scopes
	}
	return schemes
}

// demand is what an operation asks for: all of some scopes, one of others.
type demand struct{ all, any *authz.ScopeSet }

func (d demand) equal(o demand) bool { return d.all.Equal(o.all) && d.any.Equal(o.any) }

// demand reads the security of an operation, or that of the document. node is
// where an error lies, nil for the operation itself.
func (im *importer) demand(operation, common *yaml.Node) (d demand, node *yaml.Node, err error) {
	security := child(operation, "security")
	if security == nil {
		security = common
	}
	if security == nil {
		return d, nil, errors.New("has no security, and a public route is for you to write")
	}
	alternatives := items(security)
	if len(alternatives) == 0 {
		return d, security, errors.New("says that it needs no security, and a public route is for you to write")
	}
	var sets []*authz.ScopeSet
	for _, alternative := range alternatives {
		set, err := im.alternative(alternative)
		if err != nil {
			return d, alternative, err
		}
		sets = append(sets, set)
	}
	d, err = combine(sets)
	return d, security, err
}

// alternative reads one requirement: all its schemes must be met.
func (im *importer) alternative(n *yaml.Node) (*authz.ScopeSet, error) {
	var list []authz.Scope
	for name, scopes := range entries(n) {
		s := im.schemes[name.Value]
		switch {
		case s == nil:
			return nil, fmt.Errorf("security scheme %q is not declared", name.Value)
		case s.scopes == nil:
			return nil, fmt.Errorf("security scheme %q is not oauth2 with the clientCredentials flow", name.Value)
		}
		for _, item := range items(scopes) {
			if _, declared := s.scopes[item.Value]; !declared {
				return nil, fmt.Errorf("scope %q is not one of scheme %q", item.Value, name.Value)
			}
			scope, err := authz.ParseScope(item.Value)
			if err != nil {
				return nil, fmt.Errorf("scope %q: %w", item.Value, err)
			}
			list = append(list, scope)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("asks for no scope")
	}
	return authz.NewScopeSet(list...), nil
}

// combine says alternatives as all of some scopes and one of others, where
// that says the same.
func combine(sets []*authz.ScopeSet) (demand, error) {
	var common []authz.Scope
	for _, s := range sets[0].List() {
		in := true
		for _, other := range sets[1:] {
			in = in && other.Has(s)
		}
		if in {
			common = append(common, s)
		}
	}
	d := demand{all: authz.NewScopeSet(common...)}
	var one []authz.Scope
	for _, set := range sets {
		switch set.Len() - d.all.Len() {
		case 0:
			return demand{all: d.all}, nil // the others ask for more
		case 1:
			for _, s := range set.List() {
				if !d.all.Has(s) {
					one = append(one, s)
				}
			}
		default:
			return demand{}, fmt.Errorf("alternatives with several scopes each (%s) cannot be said as scopes and any_scope", sets)
		}
	}
	d.any = authz.NewScopeSet(one...)
	return d, nil
}

// use puts the scopes of a demand into the catalogue, with their descriptions.
func (im *importer) use(d demand) {
	for _, s := range append(d.all.List(), d.any.List()...) {
		if im.scopes[s] != "" {
			continue
		}
		im.scopes[s] = "Scope " + string(s)
		for _, name := range slices.Sorted(maps.Keys(im.schemes)) {
			if said := strings.Join(strings.Fields(im.schemes[name].scopes[string(s)]), " "); said != "" && len(said) <= 1000 {
				im.scopes[s] = said
			}
		}
	}
}
