package admin

import (
	"errors"
	"time"

	"scopegate/authz"
)

// Duration is a span of time as text like "30m", in JSON as in YAML.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New(`want a duration like "30m"`)
	}
	*d = Duration(v)
	return nil
}

// Client is a client as the API shows it: no secret, no hash. Times are RFC
// 3339 in UTC; null means never.
type Client struct {
	ID              string            `json:"id"`
	Name            string            `json:"name"`
	AllowedGrants   []string          `json:"allowed_grants"`
	AllowedScopes   []string          `json:"allowed_scopes"`
	Confidential    bool              `json:"confidential"`
	OwnerType       string            `json:"owner_type,omitempty"`
	OwnerID         string            `json:"owner_id,omitempty"`
	AccessTokenTTL  *Duration         `json:"access_token_ttl,omitempty"` // absent: the server's default
	IssueLimit      string            `json:"issue_limit,omitempty"`      // absent: none
	MaxLiveTokens   int               `json:"max_live_tokens,omitempty"`  // absent: no cap
	Addresses       []string          `json:"addresses,omitempty"`        // absent: anywhere
	Labels          map[string]string `json:"labels,omitempty"`
	ManagedBy       string            `json:"managed_by,omitempty"` // the set of declared clients that made it
	Status          string            `json:"status"`
	CreatedAt       time.Time         `json:"created_at"`
	LastUsedAt      *time.Time        `json:"last_used_at"`
	Generation      uint64            `json:"generation"`
	TokensNotBefore *time.Time        `json:"tokens_not_before,omitempty"`
	Version         uint64            `json:"version"`
	Secrets         []Secret          `json:"secrets"`
}

// Secret is a secret as the API shows it.
type Secret struct {
	ID         string     `json:"id"`
	HashKeyID  string     `json:"hash_key_id"`
	Preview    string     `json:"preview"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// ClientWithSecret is the one answer that ever holds a secret.
type ClientWithSecret struct {
	Client       Client `json:"client"`
	ClientSecret string `json:"client_secret"`
}

// ClientList is a page of clients.
type ClientList struct {
	Clients    []Client `json:"clients"`
	NextCursor string   `json:"next_cursor"`
}

// Event is an entry of the control log as the API shows it.
type Event struct {
	Seq        uint64    `json:"seq"`
	Kind       string    `json:"kind"`
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"`
	Reason     string    `json:"reason,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	SecretID   string    `json:"secret_id,omitempty"`
	ClientID   string    `json:"client_id,omitempty"`
	TokenID    string    `json:"token_id,omitempty"`
	Generation uint64    `json:"generation,omitempty"`
}

// EventList is a page of the control log; NextCursor is how far it was read,
// and More says that there may be more of what was asked for behind it.
type EventList struct {
	Events     []Event `json:"events"`
	NextCursor uint64  `json:"next_cursor"`
	More       bool    `json:"more"`
}

func clientJSON(c *authz.Client) Client {
	out := Client{
		ID: string(c.ID), Name: c.Name, AllowedGrants: []string{}, AllowedScopes: c.AllowedScopes.Strings(),
		Confidential: c.Confidential, OwnerType: c.OwnerType, OwnerID: c.OwnerID, Labels: c.Labels, ManagedBy: c.ManagedBy,
		Status: string(c.Status), CreatedAt: c.CreatedAt.UTC(), LastUsedAt: timeOrNull(c.LastUsedAt),
		Generation: c.Generation, TokensNotBefore: timeOrNull(c.TokensNotBefore), Version: c.Version, Secrets: []Secret{},
		IssueLimit: c.IssueLimit.String(), MaxLiveTokens: c.MaxLiveTokens, Addresses: c.Addresses.Strings(),
	}
	for _, g := range c.AllowedGrants {
		out.AllowedGrants = append(out.AllowedGrants, string(g))
	}
	if c.AccessTokenTTL != 0 {
		ttl := Duration(c.AccessTokenTTL)
		out.AccessTokenTTL = &ttl
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		out.Secrets = append(out.Secrets, Secret{
			ID: s.ID, HashKeyID: s.HashKeyID, Preview: s.Preview, CreatedAt: s.CreatedAt.UTC(),
			ExpiresAt: timeOrNull(s.ExpiresAt), LastUsedAt: timeOrNull(s.LastUsedAt),
		})
	}
	return out
}

func eventJSON(e *authz.Event) Event {
	out := Event{
		Seq: uint64(e.Seq), Kind: string(e.Change.Kind), At: e.Change.At.UTC(), Actor: e.Change.Actor,
		Reason: e.Change.Reason, Detail: e.Change.Detail, SecretID: e.Change.SecretID, ClientID: string(e.ClientID), Generation: e.Generation,
	}
	if e.Token != nil {
		out.TokenID = string(e.Token.Hash.ID())
	}
	return out
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
