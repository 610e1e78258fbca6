package authz

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxReasonLength bounds the reason of a change, in characters.
	MaxReasonLength = 500
	// maxDetail bounds what an event says of what changed, in bytes.
	maxDetail = 8 << 10
)

// By says who makes a change, and why.
type By struct {
	Actor  string // "admin:socket", "admin:token", "admin:command" (on a stopped store), "client:<id>", "system"
	Reason string // in the actor's own words, up to MaxReasonLength printable characters; empty: none given
	Remote string // the address that the call came from, for the audit log; empty: not told
}

// Check returns a *FieldError if the reason is none that can be kept.
func (b By) Check() error {
	if !utf8.ValidString(b.Reason) || utf8.RuneCountInString(b.Reason) > MaxReasonLength {
		return &FieldError{"reason", fmt.Sprintf("must be up to %d printable characters", MaxReasonLength)}
	}
	for _, r := range b.Reason {
		if !unicode.IsPrint(r) {
			return &FieldError{"reason", fmt.Sprintf("holds the unprintable character %U", r)}
		}
	}
	return nil
}

// change is a change of this kind; what it changes is said later.
func (b By) change(kind EventKind) Change {
	return Change{Kind: kind, Actor: b.Actor, Reason: b.Reason, Remote: b.Remote}
}

func (ch *Change) by() By { return By{Actor: ch.Actor, Reason: ch.Reason} }

// say sets what changed, cut where it is longer than an event may be.
func (ch *Change) say(parts ...string) {
	ch.Detail = strings.Join(parts, "; ")
	if over := len(ch.Detail) - maxDetail; over > 0 {
		ch.Detail = strings.ToValidUTF8(ch.Detail[:maxDetail], "") + fmt.Sprintf("... (%d bytes more)", over)
	}
}

// fromTo says how a field changed; empty if it did not.
func fromTo(name string, before, after any) string {
	from, to := shown(before), shown(after)
	if from == to {
		return ""
	}
	return name + " from " + from + " to " + to
}

// shown is a field's value as events tell it: text in quotes, so that what a
// caller chose cannot pass for our own words.
func shown(v any) string {
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case *ScopeSet:
		text = v.String()
	case Addresses:
		text = strings.Join(v.Strings(), " ")
	case map[string]string:
		text = strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(v), "map["), "]") // in the order of keys
	case time.Duration:
		if v != 0 {
			return v.String()
		}
	case int:
		if v != 0 {
			return fmt.Sprint(v)
		}
	case []GrantType:
		for _, g := range v {
			text = strings.TrimSpace(text + " " + string(g))
		}
	case fmt.Stringer:
		text = v.String()
	default:
		return fmt.Sprint(v)
	}
	if text == "" {
		return "none"
	}
	return fmt.Sprintf("%q", text)
}

// describe says what a new client is.
func describe(c *Client) []string {
	var said []string
	for _, f := range []struct {
		name  string
		value any
	}{
		{"name", c.Name},
		{"allowed_scopes", c.AllowedScopes},
		{"allowed_grants", c.AllowedGrants},
		{"confidential", c.Confidential},
		{"owner_type", c.OwnerType},
		{"owner_id", c.OwnerID},
		{"access_token_ttl", c.AccessTokenTTL},
		{"issue_limit", c.IssueLimit},
		{"max_live_tokens", c.MaxLiveTokens},
		{"addresses", c.Addresses},
		{"labels", c.Labels},
	} {
		if text := shown(f.value); text != "none" {
			said = append(said, f.name+" "+text)
		}
	}
	for i := range c.Secrets {
		said = append(said, "secret "+c.Secrets[i].ID)
	}
	return said
}
