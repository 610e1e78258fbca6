package wire

import "scopegate/gateway/exchange"

// tokenChar are the characters of a token (RFC 9110 section 5.6.2).
var tokenChar = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()

// What a field name means to the front.
const (
	isPlain = iota
	isHost
	isLength
	isConnection
	isForeign // the request is net/http's
)

// meaning sorts the few names that the front itself looks at; the length
// decides first, so that most names cost one comparison.
func meaning(name []byte) int {
	n := lend(name)
	switch len(n) {
	case 4:
		if exchange.EqualName(n, "Host") {
			return isHost
		}
	case 6:
		if exchange.EqualName(n, "Expect") {
			return isForeign
		}
	case 7:
		if exchange.EqualName(n, "Upgrade") || exchange.EqualName(n, "Trailer") {
			return isForeign
		}
	case 10:
		if exchange.EqualName(n, "Connection") {
			return isConnection
		}
	case 14:
		if exchange.EqualName(n, "Content-Length") {
			return isLength
		}
	case 17:
		if exchange.EqualName(n, "Transfer-Encoding") {
			return isForeign
		}
	}
	return isPlain
}
