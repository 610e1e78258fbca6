package store

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// memoryURL names the store that forgets everything when it is closed.
const memoryURL = "memory:"

// parseURL returns the directory of an embedded store, or "" for the one in
// memory.
func parseURL(raw string) (dir string, err error) {
	const known = `use a directory, "badger:///DIR" with an absolute path, or "memory:"`
	switch {
	case raw == "":
		return "", errors.New("store URL is empty; " + known)
	case raw == memoryURL || raw == memoryURL+"//":
		return "", nil
	case !strings.Contains(raw, "://") && !strings.HasPrefix(raw, memoryURL) && !strings.HasPrefix(raw, "badger:"):
		return filepath.Clean(raw), nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error repeats the text, which may hold a password.
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err
		}
		return "", fmt.Errorf("store URL cannot be read: %w; %s", err, known)
	}
	switch {
	case u.Scheme != "badger":
		return "", fmt.Errorf("store URL has the unknown scheme %.40q; %s", u.Scheme, known)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("store URL of a directory has neither user, query nor fragment; %s", known)
	case u.Host != "" || u.Opaque != "" || !filepath.IsAbs(u.Path):
		return "", fmt.Errorf("store URL %.200q names no absolute path; %s", raw, known)
	}
	return filepath.Clean(u.Path), nil
}
