package config

import (
	"fmt"
	"strconv"
	"strings"
)

// join returns the path of a key below a path: a.b, or a["b.c"] for a key that
// is not a plain word.
func join(path, key string) string {
	switch {
	case !isWord(key):
		return fmt.Sprintf("%s[%.120q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

// item returns the path of the i-th element of a list.
func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func isWord(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && c != '-' && !isAlphanumeric(c) {
			return false
		}
	}
	return s != "" && len(s) <= 120
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// locate returns the position of a path or of the nearest one above it.
func locate(positions map[string]position, path string) position {
	for {
		if at, ok := positions[path]; ok {
			return at
		}
		if path == "" {
			return position{1, 1}
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
