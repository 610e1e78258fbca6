package authz

import (
	"maps"
	"slices"
	"strings"
)

// MaxSearchLength bounds what clients are searched by, in bytes.
const MaxSearchLength = 200

// found reports whether a text stands in what people know a client by: its id,
// its name, its owner as TYPE:ID, or one of its labels as KEY=VALUE. Case does
// not count.
func (c *Client) found(text string) bool {
	text = strings.ToLower(text)
	holds := func(field string) bool { return strings.Contains(strings.ToLower(field), text) }
	if holds(string(c.ID)) || holds(c.Name) || c.OwnerType != "" && holds(c.OwnerType+":"+c.OwnerID) {
		return true
	}
	return slices.ContainsFunc(slices.Collect(maps.Keys(c.Labels)), func(key string) bool { return holds(key + "=" + c.Labels[key]) })
}
