package gateway

import "scopegate/gateway/exchange"

// fieldClass says what becomes of a request field on its way upstream.
type fieldClass uint8

const (
	classPass fieldClass = iota
	// classOurs: a name that only scopegate may speak, or whose value the
	// upstream must have from scopegate alone.
	classOurs
	// classHop: of this connection alone (RFC 9110 section 7.6.1), or framing.
	classHop
	classConnection
	classAuthorization
	classVia
	classMaxForwards
	classRequestID
	// classStandard: passes as the standard spells it. Another spelling that
	// folds to it is a second value for a backend that folds.
	classStandard
)

// longestKnown is the longest name that classify tells apart; of longer ones
// the families are known by their beginnings.
const longestKnown = 32

// foldTable is exchange.FoldByte as a table.
var foldTable = func() (t [256]byte) {
	for i := range t {
		t[i] = exchange.FoldByte(byte(i))
	}
	return t
}()

// classify judges a name as PHP, CGI, WSGI and servlet containers read it:
// folded. Every spelling of a name has one class, also one with more dashes
// around it.
func classify(name string) fieldClass {
	var buf [longestKnown]byte
	key, whole := foldInto(buf[:], name)
	if whole {
		if c := classOfKnown(key); c != classPass {
			return c
		}
	}
	if ofOurFamily(key) {
		return classOurs
	}
	return classPass
}

// foldInto folds the name into buf, without the dashes around it. whole is
// false if there was room for its beginning only.
func foldInto(buf []byte, name string) (key []byte, whole bool) {
	for name != "" && foldTable[name[0]] == '-' {
		name = name[1:]
	}
	for name != "" && foldTable[name[len(name)-1]] == '-' {
		name = name[:len(name)-1]
	}
	n := min(len(name), len(buf))
	for i := range n {
		buf[i] = foldTable[name[i]]
	}
	return buf[:n], n == len(name)
}

func classOfKnown(key []byte) fieldClass {
	switch string(key) {
	case "connection":
		return classConnection
	case "authorization":
		return classAuthorization
	case "via":
		return classVia
	case "max-forwards":
		return classMaxForwards
	case "x-request-id":
		return classRequestID
	case "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
		"transfer-encoding", "content-length", "upgrade", "http2-settings", "expect", "host":
		return classHop
	case "forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip",
		"cf-connecting-ip", "cf-connecting-ipv6", "fastly-client-ip", "x-remote-addr", "x-remote-ip",
		"client-ip", "x-proxyuser-ip", "proxy-client-ip", "wl-proxy-client-ip",
		"x-url-scheme", "x-scheme", "front-end-https", "x-host", "x-http-host-override", "x-originating-ip",
		"x-rewrite-url", "x-method-override", "x-scopegate-error",
		"remote-user", "x-remote-user", // whom a proxy has logged in: a client is no user (RFC 9700 section 4.15)
		"proxy": // becomes HTTP_PROXY in a CGI environment (CVE-2016-5385)
		return classOurs
	case "content-type", "content-encoding", "content-language", "content-location", "content-range",
		"user-agent", "accept-encoding", "if-match", "if-none-match", "if-modified-since",
		"if-unmodified-since", "if-range", "cache-control", "sec-websocket-key",
		"sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions":
		return classStandard
	}
	return classPass
}

// ofOurFamily knows the families whose every member is dropped, and the bare
// names of the families themselves.
func ofOurFamily(key []byte) bool {
	for _, family := range [...]string{
		"x-principal-", "x-forwarded-", "x-original-", "x-http-method-", "x-ssl-", "ssl-client-",
		"client-cert-", "x-client-cert-", // what a proxy that ends TLS says of a certificate (RFC 9440)
	} {
		if n := len(family); len(key) >= n && string(key[:n]) == family || string(key) == family[:n-1] {
			return true
		}
	}
	return false
}

// plainName reports whether a name holds only letters, digits and "-", so
// that folding changes nothing but its case.
func plainName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '-' && foldTable[c] == '-' {
			return false
		}
	}
	return true
}

// nameSet says of folded names which spelling of them stays, if any: the value
// is that spelling, empty for none.
type nameSet map[string]string

// add takes a name away in every spelling.
func (s nameSet) add(name string) { s[foldWhole(name)] = "" }

// addOthers takes a name away in every spelling but this one. A name that is
// taken away in every spelling stays so.
func (s nameSet) addOthers(name string) {
	key := foldWhole(name)
	if kept, ok := s[key]; !ok || kept != "" {
		s[key] = name
	}
}

// has reports whether the set takes a name away in this spelling. It does not
// allocate for names of up to 64 bytes.
func (s nameSet) has(name string) bool {
	if len(s) == 0 {
		return false
	}
	var buf [64]byte
	key, whole := foldInto(buf[:], name)
	if !whole {
		key = []byte(foldWhole(name))
	}
	kept, ok := s[string(key)]
	return ok && (kept == "" || !exchange.EqualName(name, kept))
}

func foldWhole(name string) string {
	key, _ := foldInto(make([]byte, len(name)), name)
	return string(key)
}
