package route_test

import (
	"net/url"
	"slices"
	"strings"

	"scopegate/gateway/route"
)

// linear is the naive reading of the rules, the oracle of the Table: it looks
// at each route, splits texts, and compares keys as texts.
type linear []*route.Route

// match returns the route's name, "404", "400", or "405" and the methods.
func (l linear) match(host, method, raw string) string {
	segments := strings.Split(raw, "/")[1:]
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return "400"
		}
		segments[i] = decoded
	}
	answer := l.judge(host, method, segments)
	if slices.ContainsFunc(segments, func(s string) bool { return strings.Contains(s, "/") }) {
		split := strings.Split(strings.Join(segments, "/"), "/")
		return l.judgeSlash(host, method, segments, answer, l.judge(host, method, split))
	}
	return answer
}

func (l linear) judge(host, method string, segments []string) string {
	if path := "/" + strings.Join(segments, "/"); strings.HasPrefix(path, "/oauth/") || strings.HasPrefix(path, "/.well-known/oauth-") {
		if forbidden(method) {
			return "405"
		}
		return "404"
	}
	best := l.best(host, segments)
	if len(best) == 0 {
		if forbidden(method) {
			return "405"
		}
		return "404"
	}
	var allow []string
	for _, r := range best {
		methods := r.Methods
		if len(methods) == 0 && !forbidden(method) {
			return r.Name
		}
		if len(methods) == 0 {
			methods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
		}
		if slices.Contains(methods, "GET") && !slices.Contains(methods, "HEAD") {
			methods = append([]string{"HEAD"}, methods...)
		}
		if slices.Contains(methods, method) {
			return r.Name
		}
		allow = append(allow, methods...)
	}
	slices.Sort(allow)
	return strings.TrimSpace("405 " + strings.Join(slices.Compact(allow), ", "))
}

// judgeSlash applies the rules for a path with an encoded slash.
func (l linear) judgeSlash(host, method string, segments []string, answer, splitAnswer string) string {
	path := "/" + strings.Join(segments, "/")
	if strings.HasPrefix(path, "/oauth/") || strings.HasPrefix(path, "/.well-known/oauth-") {
		return answer
	}
	accepting := ""
	for _, r := range l.best(host, segments) {
		if r.AllowEncodedSlash {
			accepting += " " + r.Name + " "
		}
	}
	refusal := strings.HasPrefix(answer, "40")
	switch {
	case refusal && accepting != "",
		!refusal && strings.Contains(accepting, " "+answer+" ") && (splitAnswer == "404" || splitAnswer == answer):
		return answer
	}
	return "400"
}

// best returns the routes of the most specific pattern.
func (l linear) best(host string, segments []string) linear {
	var best linear
	bestKey := "~"
	for _, r := range l {
		if r.Host != "" && r.Host != host {
			continue
		}
		key, ok := specificity(r, segments)
		switch {
		case !ok || key > bestKey:
		case key == bestKey:
			best = append(best, r)
		default:
			best, bestKey = linear{r}, key
		}
	}
	return best
}

// specificity is a text that is smaller for more specific routes: a letter for
// having a host, then one for each segment: exact a, name b, rest c.
func specificity(r *route.Route, segments []string) (string, bool) {
	key := "h"
	if r.Host == "" {
		key = "n"
	}
	pattern := strings.Split(r.Pattern.String(), "/")[1:]
	for i, want := range pattern {
		switch {
		case want == "*" && i == len(pattern)-1:
			return key + "c", true
		case i >= len(segments):
			return "", false
		case strings.HasPrefix(want, "{"):
			if segments[i] == "" {
				return "", false
			}
			key += "b"
		case want != segments[i]:
			return "", false
		default:
			key += "a"
		}
	}
	return key + "a", len(pattern) == len(segments)
}

func forbidden(method string) bool {
	upper := strings.ToUpper(method)
	return upper == "TRACE" || upper == "CONNECT"
}

// outcome is a Match in the oracle's words.
func outcome(m route.Match) string {
	switch m.Outcome {
	case route.Found:
		return m.Route.Name
	case route.MethodNotAllowed:
		return strings.TrimSpace("405 " + m.Allow)
	case route.NoRoute:
		return "404"
	}
	return "400"
}

// rawExample is a raw path that a pattern matches.
func rawExample(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") || s == "*" {
			s = "x"
		}
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}
