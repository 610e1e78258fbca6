package gateway

import (
	"net/http"
	"strings"
)

// Target is what a request that net/http read is sent to.
type Target struct {
	// Path is as received, without query. A target of another scheme than http
	// and https is for somebody else (RFC 9110 section 7.4): it stays whole, and
	// is no path.
	Path      string
	query     string
	hasQuery  bool
	authority string // of an absolute-form target, or HTTP/2's beside another Host; else empty
	host      string // noHost: it cannot be had
}

// noHost is no host, and agrees with none.
const noHost = "?"

// TargetOf splits the target of a request, in origin-form or in absolute-form
// (RFC 9112 section 3.2), into its parts.
func TargetOf(r *http.Request) Target {
	t := Target{host: r.Host}
	rest := r.RequestURI
	if !strings.HasPrefix(rest, "/") {
		rest = t.cutAuthority(r)
	}
	t.readSecondHost(r)
	t.Path, t.query, t.hasQuery = strings.Cut(rest, "?")
	return t
}

// OneHost reports whether the request names one host: that its authority and
// its Host field, if it has both, agree. Where the field cannot be had, as of
// an absolute-form target over TLS, they do not.
func (t *Target) OneHost() bool { return t.host != noHost && hostsAgree(t.authority, t.host) }

// cutAuthority takes scheme and authority off an absolute-form target.
func (t *Target) cutAuthority(r *http.Request) (rest string) {
	scheme, rest, ok := strings.Cut(r.RequestURI, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return r.RequestURI
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	t.authority, rest = rest[:end], rest[end:]
	if rest == "" || rest[0] == '?' {
		rest = "/" + rest // RFC 9112 section 3.2.2, RFC 9110 section 4.2.3
	}
	if t.authority == "" || framingOf(r).mayDiffer(t.authority) {
		t.host = noHost // net/http forgot it; without an authority the target is none (RFC 9110 section 4.2.1)
	}
	return rest
}

// readSecondHost keeps HTTP/2's Host field beside :authority (RFC 9113
// section 8.3.1), so that the two are compared.
func (t *Target) readSecondHost(r *http.Request) {
	for _, host := range r.Header["Host"] {
		if host != r.Host {
			t.authority, t.host = r.Host, host
		}
	}
}
