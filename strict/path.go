package strict

import (
	"fmt"
	"strconv"
	"strings"
)

// Join returns the path of a key below a path: a.b, or a["b.c"] for a key that
// is not a plain word.
func Join(path, key string) string {
	switch {
	case !isWord(key):
		return fmt.Sprintf("%s[%.120q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

// Item returns the path of the i-th element of a list.
func Item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func isWord(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && c != '-' && !isLetterOrDigit(c) {
			return false
		}
	}
	return s != "" && len(s) <= 120
}

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// Position is a place in a file, both from 1.
type Position struct{ Line, Col int }

// Positions are the places of the values of a file, by their paths.
type Positions map[string]Position

// Of returns the position of a path or of the nearest one above it.
func (ps Positions) Of(path string) Position {
	for {
		if at, ok := ps[path]; ok {
			return at
		}
		if path == "" {
			return Position{1, 1}
		}
		path = above(path)
	}
}

func above(path string) string {
	cut := strings.LastIndexByte(path, '.')
	if strings.HasSuffix(path, "]") {
		cut = strings.LastIndexByte(path, '[')
	}
	return path[:max(cut, 0)]
}
