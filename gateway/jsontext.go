package gateway

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// maxLogged is how much of a text of the caller's making is logged, in bytes.
const maxLogged = 2 << 10

// appendJSON appends s as a JSON string that cannot break a line, end its
// quotes, speak to a terminal or turn what people read around: whatever is not
// printed is escaped, such as controls, line separators and marks that change
// the direction of writing, and what is not UTF-8 becomes U+FFFD.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && jsonPlain[s[i]] {
			i++
		}
		if b = append(b, s[from:i]...); i == len(s) {
			break
		}
		if c := s[i]; c < utf8.RuneSelf {
			b = appendEscape(b, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case !unicode.IsPrint(r):
			b = appendRuneEscape(b, r)
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return append(b, '"')
}

// jsonPlain says which bytes stand in a JSON string as they are.
var jsonPlain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

func appendEscape(b []byte, c byte) []byte {
	if c == '"' || c == '\\' {
		return append(b, '\\', c)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendRuneEscape appends \uXXXX, two of them where a rune needs a surrogate
// pair (RFC 8259 section 7).
func appendRuneEscape(b []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		b, r = appendRuneEscape(b, high), low
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// appendLogged appends s as appendJSON does, cut at maxLogged.
func appendLogged(b []byte, s string) []byte {
	if len(s) <= maxLogged {
		return appendJSON(b, s)
	}
	b = appendJSON(b, s[:maxLogged])
	return append(b[:len(b)-1], `..."`...)
}

// simple reports whether s may stand in a text line without quotes.
func simple(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\' {
			return false
		}
	}
	return s != ""
}

const masked = "[redacted]"

// secretLength is less than what follows the prefix of any token or secret
// (authz.ParseToken).
const secretLength = 43

// holdsSecret reports whether a text may hold a token or a client's secret.
func holdsSecret(s, tokenPrefix string) bool {
	if len(s) <= secretLength {
		return false
	}
	for _, prefix := range [...]string{"spoat_", "spocs_", tokenPrefix} {
		if at := strings.Index(s, prefix); prefix != "" && at >= 0 && len(s)-at-len(prefix) >= secretLength {
			return true
		}
	}
	return false
}

// appendMasked appends the path, without what looks like a token or a secret
// in it, percent-encoded or not: people paste them into URLs.
func appendMasked(b []byte, path string, tokenPrefix string) []byte {
	for i := 0; i < len(path); {
		n := 0
		if c := path[i]; c == 's' || c == '%' || tokenPrefix != "" && c == tokenPrefix[0] { // else none begins here
			n = matchAny(path[i:], tokenPrefix)
		}
		if n == 0 {
			b = append(b, path[i])
			i++
			continue
		}
		b = append(b, masked...)
		for i += n; i < len(path); {
			c, size := decodeAt(path[i:])
			if foldTable[c] == '-' && c != '_' && c != '-' {
				break
			}
			i += size
		}
	}
	return b
}

// matchAny is matchEncoded for the prefixes of tokens and secrets.
func matchAny(s, tokenPrefix string) (n int) {
	for _, prefix := range [...]string{"spoat_", "spocs_", tokenPrefix} {
		if n = matchEncoded(s, prefix); n > 0 {
			break
		}
	}
	return n
}

// matchEncoded returns how many bytes at the start of s spell the prefix, and
// 0 if they do not.
func matchEncoded(s, prefix string) (n int) {
	if prefix == "" {
		return 0
	}
	for i := range len(prefix) {
		if n == len(s) {
			return 0
		}
		c, size := decodeAt(s[n:])
		if c != prefix[i] {
			return 0
		}
		n += size
	}
	return n
}

// decodeAt returns the character that s begins with, however often it was
// percent-encoded: a URL that holds a URL is encoded twice.
func decodeAt(s string) (c byte, size int) {
	c, size = s[0], 1
	for c == '%' && len(s) >= size+2 {
		hi, lo := unhex(s[size]), unhex(s[size+1])
		if hi < 0 || lo < 0 {
			break
		}
		c, size = byte(hi<<4|lo), size+2
	}
	return c, size
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
