package strict

import (
	"time"

	"gopkg.in/yaml.v3"
)

// Instant is the kind of a time in whole seconds.
var Instant Kind[time.Time] = instant{}

// instant is a time as RFC 3339 has it, plain or in quotes.
type instant struct{}

const wantInstant = "a time such as 2027-01-31T00:00:00Z"

// Read implements Kind.
func (instant) Read(r *Reader, n *yaml.Node, path string) (time.Time, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return time.Time{}, false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!timestamp" {
		r.WrongKind(n, path, wantInstant)
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, n.Value)
	if err != nil || t.Nanosecond() != 0 {
		r.Problem(n, path, "%.60q is not %s", n.Value, wantInstant)
		return time.Time{}, false
	}
	return t.UTC(), true
}

// Show implements Kind.
func (instant) Show(t time.Time) (any, bool) { return t.UTC().Format(time.RFC3339), !t.IsZero() }

// Describe implements Kind.
func (instant) Describe() *Shape {
	return &Shape{Kind: "string", Word: wantInstant, Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$`}
}
