package gateway

import (
	"slices"

	"scopegate/gateway/config"
)

// requestEditOf puts together what the upstream and then the route change:
// where both speak of a name, the route's word counts.
func requestEditOf(u *config.Upstream, rc *config.RouteConfig) requestEdit {
	e := requestEdit{drop: nameSet{}}
	e.set = mergeRules(e.drop, u.RequestHeaders, rc.RequestHeaders)
	for _, r := range []config.HeaderRules{u.RequestHeaders, rc.RequestHeaders} {
		for _, h := range r.Add {
			if h.Value.NamesPrincipal() {
				e.drop.add(h.Name) // the caller's word never stands beside ours about who is calling
			}
		}
	}
	for _, h := range u.PrincipalHeaders {
		e.drop.add(h.Name)
		e.principal = append(e.principal, newSetField(h))
	}
	return e
}

func responseEditOf(u *config.Upstream, rc *config.RouteConfig) responseEdit {
	e := responseEdit{drop: nameSet{}}
	e.set = mergeRules(e.drop, u.ResponseHeaders, rc.ResponseHeaders)
	return e
}

// mergeRules returns the fields to set, and puts into drop what the message
// loses. What later rules set or remove takes the place of what earlier ones
// set or add.
func mergeRules(drop nameSet, rules ...config.HeaderRules) (set []setField) {
	for _, r := range rules {
		replaced := nameSet{}
		for _, name := range r.Remove {
			replaced.add(name)
		}
		for _, h := range r.Set {
			replaced.add(h.Name)
		}
		set = slices.DeleteFunc(set, func(f setField) bool { return replaced.has(f.name) })
		for name := range replaced {
			drop.add(name)
		}
		for _, h := range r.Set {
			set = append(set, newSetField(h))
		}
		for _, h := range r.Add {
			drop.addOthers(h.Name)
			set = append(set, newSetField(h))
		}
	}
	return set
}

func newSetField(h config.Header) setField {
	f := setField{name: h.Name, value: newTemplate(h.Value)}
	f.static, f.fixed = f.value.fixed()
	return f
}
