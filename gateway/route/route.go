package route

import (
	"fmt"
	"slices"
	"strings"

	"scopegate/authz"
)

// Route is a guarded path as running. It does not change once a Table holds it.
type Route struct {
	Index   int    // its place among the routes of the file, from 0
	Name    string // unique; the label in metrics and logs
	Host    string // as CanonicalHost takes it, without port; empty: any host
	Pattern Pattern
	// Methods that the route takes; GET brings HEAD. None: any method but
	// TRACE and CONNECT.
	Methods     []string
	Requirement authz.Requirement
	// AllowEncodedSlash accepts paths in which a segment holds "%2f".
	AllowEncodedSlash bool
	// HasCORS makes preflights of the route's methods the gateway's own.
	HasCORS bool
	// Rewrite makes the upstream's path; nil: the path as received.
	Rewrite *Rewrite
}

// Conflict is two equally specific routes that can match the same request: same
// host, same pattern but for its names, and a method in common.
type Conflict struct {
	A, B *Route // in the order of the file
}

// Error names both routes.
func (c *Conflict) Error() string {
	return fmt.Sprintf("routes %q and %q can match the same request", c.A.Name, c.B.Name)
}

// Invalid is a route that no table may hold.
type Invalid struct {
	Route *Route
	Err   error
}

// Error names the route and what is wrong with it.
func (i *Invalid) Error() string { return fmt.Sprintf("route %q: %v", i.Route.Name, i.Err) }

// Unwrap returns what is wrong with the route.
func (i *Invalid) Unwrap() error { return i.Err }

// overlaps reports whether two routes of the same place share a method.
func (r *Route) overlaps(other *Route) bool {
	if len(r.Methods) == 0 || len(other.Methods) == 0 {
		return true
	}
	methods := effectiveMethods(r.Methods)
	return slices.ContainsFunc(effectiveMethods(other.Methods), func(m string) bool {
		return slices.Contains(methods, m)
	})
}

// takes reports whether the route takes the method.
func (r *Route) takes(method string) bool {
	if neverPasses(method) {
		return false
	}
	return len(r.Methods) == 0 || slices.Contains(r.Methods, method) ||
		method == "HEAD" && slices.Contains(r.Methods, "GET")
}

// check returns what forbids the route, and its host as hosts are compared.
func (r *Route) check() (host string, err error) {
	if r.Pattern.text == "" {
		return "", fmt.Errorf("no path")
	}
	if Reserved(r.Pattern) {
		return "", fmt.Errorf("path %s lies among the authorization server's", quote(r.Pattern.text))
	}
	for _, m := range r.Methods {
		if err := CheckMethod(m); err != nil {
			return "", err
		}
	}
	if r.Host == "" {
		return "", nil
	}
	host, ok := CanonicalHost(r.Host)
	if !ok {
		return "", fmt.Errorf("host %s is neither a name nor an address", quote(r.Host))
	}
	if strings.LastIndexByte(r.Host, ':') > strings.LastIndexByte(r.Host, ']') {
		return "", fmt.Errorf("host %s: hosts compare without port, leave it out", quote(r.Host))
	}
	return host, nil
}
