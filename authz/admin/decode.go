package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"scopegate/authz"
)

// memberError is a bad request for the sake of one member.
type memberError struct{ member, problem string }

func (e *memberError) Error() string { return fmt.Sprintf("%v: %s", errBadRequest, e.problem) }

func (e *memberError) Unwrap() error { return errBadRequest }

// decode reads exactly one JSON value into what v points to, without unknown
// and repeated members.
func decode(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if wrong := wrongMember(body, v); wrong != nil {
			return wrong
		}
		return fmt.Errorf("%w: %s", errBadRequest, jsonError(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the JSON value", errBadRequest)
	}
	return uniqueMembers(body)
}

// wrongMember finds the member for which a body could not be decoded:
// encoding/json tells the name of some only. Each is tried by itself; nil: it
// is none of them.
func wrongMember(body []byte, v any) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		alone, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
		if err != nil {
			return nil
		}
		d := json.NewDecoder(bytes.NewReader(alone))
		d.DisallowUnknownFields()
		if err := d.Decode(reflect.New(reflect.TypeOf(v).Elem()).Interface()); err != nil {
			return &memberError{fmt.Sprintf("%.200s", name), memberProblem(name, err)}
		}
	}
	return nil
}

// memberProblem says what is wrong with a member, by its name.
func memberProblem(name string, err error) string {
	var kind *json.UnmarshalTypeError
	var moment *time.ParseError
	switch {
	case errors.As(err, &kind):
		return jsonError(err)
	case errors.As(err, &moment):
		return fmt.Sprintf("member %.200q: want a time as in RFC 3339, such as 2026-01-31T12:00:00Z", name)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return strings.Replace(err.Error(), "json: unknown field", "unknown member", 1)
	}
	return fmt.Sprintf("member %.200q: %v", name, err)
}

// jsonError says what is wrong in the words of JSON, not of Go's types.
func jsonError(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Sprintf("want a JSON object, not a JSON %s", kind.Value)
	case errors.As(err, &kind):
		return fmt.Sprintf("member %q cannot be a JSON %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON at byte %d", syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the JSON value is cut short"
	}
	return err.Error()
}

// noNulls refuses null for a member of a change: to some callers it means that
// the field goes (RFC 7396), to encoding/json that it stays. The body was
// decoded before. The error is a *authz.FieldError.
func noNulls(body []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return fmt.Errorf("%w: %s", errBadRequest, jsonError(err))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if string(members[name]) == "null" {
			return &authz.FieldError{Field: name, Problem: "is null: leave it out where it stays as it is, give an empty value where it goes"}
		}
	}
	return nil
}
