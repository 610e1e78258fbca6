package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"scopegate/authz"
)

// maxForm is the largest form in bytes.
const maxForm = 64 << 10

var errTooLarge = errors.New("the form is larger than 64 KiB")

// form is a request's form, read once. Empty values count as absent (RFC 6749
// section 3.2).
type form struct{ values url.Values }

func (f form) get(name string) string { return f.values.Get(name) }

// all returns the values of a parameter that may stand more than once.
func (f form) all(name string) []string {
	return slices.DeleteFunc(slices.Clone(f.values[name]), func(v string) bool { return v == "" })
}

// parseForm reads an application/x-www-form-urlencoded body. The query string
// is never read for parameters; credentials in it are refused, since they have
// been written to somebody's log already.
func parseForm(r *http.Request) (form, error) {
	if err := queryIsClean(r.URL.RawQuery); err != nil {
		return form{}, err
	}
	if err := isForm(r.Header); err != nil {
		return form{}, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return form{}, &authz.OAuthError{Code: authz.CodeInvalidRequest, Description: "the body could not be read", Cause: err}
	}
	if len(body) > maxForm {
		return form{}, &authz.OAuthError{Code: authz.CodeInvalidRequest, Description: errTooLarge.Error(), Cause: errTooLarge}
	}
	return decodeForm(string(body))
}

// isForm checks what the fields say of the body. They must have one reading:
// one type, and no coding (RFC 9110 section 8.4) but identity, which is none.
func isForm(h http.Header) error {
	if len(h.Values("Content-Type")) > 1 {
		return invalid("there is more than one Content-Type field")
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return invalid("the content type must be application/x-www-form-urlencoded")
	}
	if charset := params["charset"]; charset != "" && !isUTF8(charset) {
		return invalid("the charset must be UTF-8")
	}
	for _, field := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(field, ",") {
			if coding = strings.Trim(coding, " \t"); coding != "" && !strings.EqualFold(coding, "identity") {
				return invalid("the form must be sent without a content coding")
			}
		}
	}
	return nil
}

// decodeForm decodes the body of a form. A parameter that stands twice after
// decoding is refused (RFC 6749 section 3.2), but for resource, which may be
// repeated (RFC 8707 section 2).
func decodeForm(body string) (form, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return form{}, invalid("the form is malformed")
	}
	for name, list := range values {
		if len(list) > 1 && name != "resource" {
			return form{}, invalid("a parameter stands twice")
		}
		if !utf8.ValidString(name) || slices.ContainsFunc(list, func(v string) bool { return !utf8.ValidString(v) }) {
			return form{}, invalid("the form is not UTF-8")
		}
	}
	return form{values}, nil
}

func queryIsClean(raw string) error {
	if raw == "" {
		return nil
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return invalid("the query string is malformed")
	}
	if slices.ContainsFunc([]string{"client_id", "client_secret", "client_assertion", "token"}, query.Has) {
		return invalid("credentials belong in the Authorization field or the body, never in the query string")
	}
	return nil
}

func isUTF8(charset string) bool {
	return len(charset) == 5 && (charset[0]|0x20) == 'u' && (charset[1]|0x20) == 't' && (charset[2]|0x20) == 'f' && charset[3:] == "-8"
}

func invalid(description string) error {
	return &authz.OAuthError{Code: authz.CodeInvalidRequest, Description: description}
}
