package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"scopegate/gateway/config"
)

// quiet are the keys of a route that change how it is served, and not to whom.
var quiet = []string{
	"limits", "preserve_host", "quota", "timeout",
}

// told are the keys of an upstream that have words of their own.
var told = []string{"endpoints", "principal_assertion", "principal_headers", "request_headers", "response_headers"}

// routeSettings returns the quiet keys of each route, in the JSON form of the
// file: with its defaults, and redacted where it must be.
func routeSettings(cfg *config.Config) (map[string]map[string]any, error) {
	shown, err := shownJSON(cfg)
	if err != nil {
		return nil, err
	}
	settings := map[string]map[string]any{}
	routes, _ := shown["routes"].([]any)
	for i, r := range routes {
		all, _ := r.(map[string]any)
		of := map[string]any{}
		for _, key := range quiet {
			of[key] = all[key]
		}
		settings[cfg.Routes[i].Name] = of
	}
	return settings, nil
}

func shownJSON(cfg *config.Config) (map[string]any, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	var shown map[string]any
	if err := json.Unmarshal(text, &shown); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	return shown, nil
}

func (c *changer) settings(old, next map[string]any) {
	if keys := unequal(old, next); len(keys) > 0 {
		c.say(Neither, fmt.Sprintf("%s has other %s", c.who, strings.Join(keys, ", ")))
	}
}

// ofSettings compares the upstreams, and what stands beside the routes.
func ofSettings(old, next *config.Config) (changes []Change) {
	a, errOld := shownJSON(old)
	b, errNext := shownJSON(next)
	if errOld != nil || errNext != nil {
		return nil // newSide said so
	}
	for i := range next.Upstreams {
		u := &next.Upstreams[i]
		was := old.Upstream(u.Name)
		if was == nil {
			continue // its routes tell
		}
		if before, after := endpoints(was), endpoints(u); !slices.EqualFunc(was.Endpoints, u.Endpoints, sameEndpoint) {
			changes = append(changes, Change{Effect: Neither, Words: fmt.Sprintf("upstream %s has the endpoints %s, before %s", u.Name, after, before)})
		}
		before, _ := a["upstreams"].(map[string]any)[u.Name].(map[string]any)
		after, _ := b["upstreams"].(map[string]any)[u.Name].(map[string]any)
		who := "upstream " + u.Name
		changes = append(changes, headers(who, was.RequestHeaders, u.RequestHeaders, was.ResponseHeaders, u.ResponseHeaders)...)
		changes = append(changes, principalHeaders(who, was.PrincipalHeaders, u.PrincipalHeaders)...)
		changes = append(changes, assertion(who, was.Assertion, u.Assertion)...)
		keys := slices.DeleteFunc(unequal(before, after), func(key string) bool { return slices.Contains(told, key) })
		if len(keys) > 0 {
			changes = append(changes, Change{Effect: Neither, Words: fmt.Sprintf("%s has other %s", who, strings.Join(keys, ", "))})
		}
	}
	for _, key := range []string{"oauth", "limits"} {
		before, _ := a[key].(map[string]any)
		after, _ := b[key].(map[string]any)
		if keys := unequal(before, after); len(keys) > 0 {
			changes = append(changes, Change{Effect: Neither, Words: fmt.Sprintf("%s has other %s", key, strings.Join(keys, ", "))})
		}
	}
	return changes
}

func sameEndpoint(a, b config.Endpoint) bool { return a.URL.Reveal() == b.URL.Reveal() }

func endpoints(u *config.Upstream) string {
	var urls []string
	for _, e := range u.Endpoints {
		urls = append(urls, e.URL.String())
	}
	return strings.Join(urls, ", ")
}

// unequal returns the keys whose values differ, in order.
func unequal(a, b map[string]any) (keys []string) {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(a[key], b[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}
