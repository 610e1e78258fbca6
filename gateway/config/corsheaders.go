package config

import (
	"strings"

	"scopegate/strict"
)

// checkCORSHeaders reports response headers of a route with cors that cors
// writes: a browser would read two policies.
func checkCORSHeaders(r *strict.Reader, rc *RouteConfig, u *Upstream, path string) {
	if rc.CORS == nil {
		return
	}
	rc.ResponseHeaders.each(func(key string, h Header) {
		if isCORSName(h.Name) {
			r.ProblemAt(strict.Join(strict.Join(strict.Join(path, "response_headers"), key), h.Name), "%s is written by the route's cors", h.Name)
		}
	})
	u.ResponseHeaders.each(func(_ string, h Header) {
		if isCORSName(h.Name) {
			r.ProblemAt(strict.Join(path, "cors"), "upstream %s's response_headers write %s too", u.Name, h.Name)
		}
	})
}

func isCORSName(name string) bool { return strings.HasPrefix(fold(name), "access-control-") }
