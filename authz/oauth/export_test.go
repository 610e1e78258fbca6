package oauth

import "net/url"

// DecodeForm is decodeForm for the fuzz test.
func DecodeForm(body string) (url.Values, error) {
	f, err := decodeForm(body)
	return f.values, err
}
