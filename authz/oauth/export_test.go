package oauth

import "net/url"

// DecodeForm is decodeForm for the fuzz test.
func DecodeForm(body string) (url.Values, error) {
	f, err := decodeForm(body)
	return f.values, err
}

// Len is how many clients are kept.
func (l *IssueLimits) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.full)
}
