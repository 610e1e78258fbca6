package route

import (
	"fmt"
	"slices"
	"strings"
)

// anyAllow is the Allow text of a path whose route takes any method. The list
// cannot be complete; it names what RFC 9110 and RFC 5789 define.
const anyAllow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

// CheckMethod judges a method that a route declares: a token (RFC 9110 section
// 5.6.2) without small letters, since methods are compared with case, and
// neither TRACE nor CONNECT, which never pass.
func CheckMethod(method string) error {
	if method == "" {
		return fmt.Errorf("method is empty")
	}
	for _, c := range []byte(method) {
		if !isLetterOrDigit(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return fmt.Errorf("method %s is not a token", quote(method))
		}
	}
	if upper := strings.ToUpper(method); upper != method {
		return fmt.Errorf("method %s: write %s", quote(method), upper)
	}
	if neverPasses(method) {
		return fmt.Errorf("method %s never passes", method)
	}
	return nil
}

// neverPasses reports TRACE and CONNECT, in any case, since a legacy backend
// may read "trace" as TRACE.
func neverPasses(method string) bool {
	switch len(method) {
	case len("TRACE"):
		return strings.EqualFold(method, "TRACE")
	case len("CONNECT"):
		return strings.EqualFold(method, "CONNECT")
	}
	return false
}

// effectiveMethods returns the methods that a route takes, in order, with the
// HEAD that GET brings.
func effectiveMethods(declared []string) []string {
	methods := slices.Clone(declared)
	if slices.Contains(methods, "GET") {
		methods = append(methods, "HEAD")
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}
