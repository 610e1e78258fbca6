package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// What is wrong with a URL. The URL itself is not repeated: it may come from
// the environment, and it may hold a password.
var (
	errFinalSlash   = errors.New("the URL ends in a slash; leave it out")
	errPlainIssuer  = errors.New("an issuer is https; http is for loopback hosts only")
	errWebhookUser  = errors.New("the URL has user information; a receiver knows scopegate by the signature")
	errPlainWebhook = errors.New("a webhook is https; http is for loopback hosts only")
	errIssuerPath   = errors.New("the issuer's path may hold segments of A-Z, a-z, 0-9, '.', '_', '~' and '-' only")
	errNoURL        = errors.New("the text is not a URL such as http://127.0.0.1:9001")
	errUserInfo     = errors.New("the URL has user information; credentials belong into request_headers")
	errQuery        = errors.New("the URL has a query or a fragment")
	errHost         = errors.New("the URL's host is neither a name nor an address")
	errPort         = errors.New("the URL's port is not a number from 1 to 65535")
	errPath         = errors.New("the URL has a path; use strip_prefix or rewrite on a route instead")
	errSocket       = errors.New("write a Unix socket as unix:/path, absolute, without . and .. and of at most 100 bytes")
)

func errScheme(known string) error { return fmt.Errorf("the URL's scheme is not %s", known) }

// splitted is a URL of which nothing was decoded.
type splitted struct {
	scheme string // in lower case
	host   string // in lower case; IPv6 addresses in brackets
	port   string // empty: none written
	path   string
}

// splitURL reads SCHEME://HOST[:PORT][PATH]. It is stricter than net/url, which
// accepts much that the peers of this program read differently.
func splitURL(text string) (u splitted, err error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || strings.ContainsAny(rest, " \t\\") {
		return u, errNoURL
	}
	if strings.ContainsAny(rest, "?#") {
		return u, errQuery
	}
	authority := rest
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		authority, u.path = rest[:slash], rest[slash:]
	}
	if strings.Contains(authority, "@") {
		return u, errUserInfo
	}
	u.scheme = strings.ToLower(scheme)
	u.host = strings.ToLower(authority)
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		u.host, u.port = strings.ToLower(authority[:colon]), authority[colon+1:]
		if n, err := strconv.Atoi(u.port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != u.port {
			return u, errPort
		}
	}
	if !isURLHost(u.host) {
		return u, errHost
	}
	return u, nil
}

func isURLHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		address, err := netip.ParseAddr(inner)
		return closed && err == nil && address.Is6() && address.Zone() == ""
	}
	return isHost(host)
}

func (u *splitted) loopback() bool {
	address, err := netip.ParseAddr(strings.Trim(u.host, "[]"))
	return u.host == "localhost" || err == nil && address.IsLoopback()
}

// authority returns host and port as written.
func (u *splitted) authority() string {
	if u.port == "" {
		return u.host
	}
	return u.host + ":" + u.port
}

// address returns host and port to connect to.
func (u *splitted) address() string {
	switch {
	case u.port != "":
		return u.host + ":" + u.port
	case u.scheme == "https":
		return u.host + ":443"
	}
	return u.host + ":80"
}
