package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"scopegate/authz"
)

// uniqueMembers refuses a body in which an object has a member twice: of those
// encoding/json takes the last and other readers the first (RFC 8259 section
// 4). The body was decoded before, so it is well formed and of bounded depth.
// The error is a *authz.FieldError.
func uniqueMembers(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if path := repeatedMember(d, ""); path != "" {
		return &authz.FieldError{Field: fmt.Sprintf("%.200s", path), Problem: "is given more than once"}
	}
	return nil
}

// repeatedMember reads one value, which is that of the member within, and
// returns the path of a member in it that is there twice, such as
// clients[2].labels.team; empty: none is.
func repeatedMember(d *json.Decoder, within string) string {
	t, _ := d.Token()
	switch t {
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			t, _ := d.Token()
			name, _ := t.(string)
			if seen[oneSpelling(name, within)] {
				return memberPath(name, "")
			}
			seen[oneSpelling(name, within)] = true
			if below := repeatedMember(d, name); below != "" {
				return memberPath(name, below)
			}
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if below := repeatedMember(d, ""); below != "" {
				return memberPath(fmt.Sprintf("[%d]", i), below)
			}
		}
	default:
		return ""
	}
	_, _ = d.Token() // the end of the object or array
	return ""
}

// oneSpelling is a name as encoding/json compares it with the members that it
// knows: without regard to case. The names of labels are the caller's own.
func oneSpelling(name, within string) string {
	if within == "labels" {
		return name
	}
	return strings.ToLower(strings.ToUpper(name)) // U+017F and U+212A fold, too
}

// memberPath is the path of what stands at below in a member or an element.
func memberPath(name, below string) string {
	if name == "" {
		name = `""`
	}
	if below != "" && below[0] != '[' {
		name += "."
	}
	return name + below
}
