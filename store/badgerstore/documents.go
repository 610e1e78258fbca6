package badgerstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"scopegate/authz"
)

// maxDocument is the largest client or event document in bytes: far above
// what authz.Client.Validate lets through, far below a transaction's bound.
const maxDocument = 64 << 10

// clientDocument is a client as stored: version(1) and this as JSON. Field
// names are part of the layout.
type clientDocument struct {
	Name            string            `json:"name"`
	Grants          []authz.GrantType `json:"grants,omitempty"`
	Scopes          string            `json:"scopes,omitempty"`
	Confidential    bool              `json:"confidential,omitempty"`
	OwnerType       string            `json:"owner_type,omitempty"`
	OwnerID         string            `json:"owner_id,omitempty"`
	TokenTTL        time.Duration     `json:"token_ttl,omitempty"`  // nanoseconds
	IssueLimit      authz.IssueLimit  `json:"issue_limit,omitzero"` // "100/h"
	MaxLiveTokens   int               `json:"max_live_tokens,omitempty"`
	Addresses       authz.Addresses   `json:"addresses,omitempty"` // CIDR
	Labels          map[string]string `json:"labels,omitempty"`
	ManagedBy       string            `json:"managed_by,omitempty"`
	Status          authz.Status      `json:"status"`
	CreatedAt       time.Time         `json:"created_at,omitzero"`
	LastUsedAt      time.Time         `json:"last_used_at,omitzero"`
	Secrets         []secretDocument  `json:"secrets,omitempty"`
	SecretsDeclared bool              `json:"secrets_declared,omitempty"`
	Generation      uint64            `json:"generation"`
	TokensNotBefore time.Time         `json:"tokens_not_before,omitzero"`
	Version         uint64            `json:"version"`
}

type secretDocument struct {
	ID         string    `json:"id"`
	Hash       []byte    `json:"hash"` // base64 of an HMAC whose key is not in the store
	HashKeyID  string    `json:"hash_key_id"`
	First      []byte    `json:"first,omitempty"` // SHA-256, or none
	Preview    string    `json:"preview"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`

	Warned time.Duration `json:"warned,omitempty"` // nanoseconds
}

func encodeClient(c *authz.Client) ([]byte, error) {
	d := clientDocument{
		Name: c.Name, Grants: c.AllowedGrants, Scopes: c.AllowedScopes.String(), Confidential: c.Confidential,
		OwnerType: c.OwnerType, OwnerID: c.OwnerID, TokenTTL: c.AccessTokenTTL, Labels: c.Labels, Status: c.Status,
		CreatedAt: c.CreatedAt, LastUsedAt: c.LastUsedAt, Generation: c.Generation, TokensNotBefore: c.TokensNotBefore, Version: c.Version,
		IssueLimit: c.IssueLimit, MaxLiveTokens: c.MaxLiveTokens, Addresses: c.Addresses,
		ManagedBy: c.ManagedBy, SecretsDeclared: c.SecretsDeclared,
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		d.Secrets = append(d.Secrets, secretDocument{
			ID: s.ID, Hash: s.Hash[:], HashKeyID: s.HashKeyID, Preview: s.Preview,
			CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, LastUsedAt: s.LastUsedAt, Warned: s.Warned,
		})
		if s.First != ([32]byte{}) {
			d.Secrets[i].First = s.First[:]
		}
	}
	if _, err := authz.ParseScopeSet(d.Scopes); err != nil {
		return nil, fmt.Errorf("scopes that could not be read again: %w", err)
	}
	return encodeDocument(d)
}

func decodeClient(key clientKey, b []byte) (authz.Client, error) {
	var d clientDocument
	if err := decodeDocument(b, &d); err != nil {
		return authz.Client{}, fmt.Errorf("client %s: %w", key.id(), err)
	}
	scopes, err := authz.ParseScopeSet(d.Scopes)
	if err != nil {
		return authz.Client{}, fmt.Errorf("%w: client %s: %w", errDamaged, key.id(), err)
	}
	c := authz.Client{
		ID: key.id(), Name: d.Name, AllowedGrants: d.Grants, AllowedScopes: scopes, Confidential: d.Confidential,
		OwnerType: d.OwnerType, OwnerID: d.OwnerID, AccessTokenTTL: d.TokenTTL, Labels: d.Labels, Status: d.Status,
		CreatedAt: d.CreatedAt, LastUsedAt: d.LastUsedAt, Generation: d.Generation, TokensNotBefore: d.TokensNotBefore, Version: d.Version,
		IssueLimit: d.IssueLimit, MaxLiveTokens: d.MaxLiveTokens, Addresses: d.Addresses,
		ManagedBy: d.ManagedBy, SecretsDeclared: d.SecretsDeclared,
	}
	for _, s := range d.Secrets {
		if len(s.Hash) != 32 || len(s.First) != 0 && len(s.First) != 32 {
			return authz.Client{}, fmt.Errorf("%w: client %s: secret %.40q", errDamaged, key.id(), s.ID)
		}
		c.Secrets = append(c.Secrets, authz.Secret{
			ID: s.ID, Hash: [32]byte(s.Hash), HashKeyID: s.HashKeyID, Preview: s.Preview,
			CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, LastUsedAt: s.LastUsedAt, Warned: s.Warned,
		})
		copy(c.Secrets[len(c.Secrets)-1].First[:], s.First)
	}
	return c, nil
}

// eventDocument is an event as stored: version(1) and this as JSON.
type eventDocument struct {
	Kind       authz.EventKind `json:"kind"`
	At         time.Time       `json:"at,omitzero"`
	Actor      string          `json:"actor,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Detail     string          `json:"detail,omitempty"`
	SecretID   string          `json:"secret_id,omitempty"`
	SecretEnds time.Time       `json:"secret_ends,omitzero"`
	ClientID   authz.ClientID  `json:"client_id,omitempty"`
	Generation uint64          `json:"generation,omitempty"`
	Hour       authz.Hour      `json:"hour,omitempty"`
	Hash       []byte          `json:"hash,omitempty"` // of a token event
	ExpiresAt  time.Time       `json:"expires_at,omitzero"`
}

func encodeEvent(e *authz.Event) ([]byte, error) {
	d := eventDocument{
		Kind: e.Change.Kind, At: e.Change.At.Round(0).UTC(), Actor: e.Change.Actor, Reason: e.Change.Reason, Detail: e.Change.Detail,
		SecretID: e.Change.SecretID, SecretEnds: e.Change.SecretEnds.Round(0).UTC(),
		ClientID: e.ClientID, Generation: e.Generation, ExpiresAt: e.ExpiresAt.Truncate(time.Second).UTC(),
	}
	if e.Token != nil {
		d.Hour, d.Hash = e.Token.Hour, e.Token.Hash[:]
	}
	return encodeDocument(d)
}

func decodeEvent(key eventKey, b []byte) (authz.Event, error) {
	var d eventDocument
	if err := decodeDocument(b, &d); err != nil {
		return authz.Event{}, fmt.Errorf("event %d: %w", key, err)
	}
	e := authz.Event{
		Seq: authz.Seq(key), Change: authz.Change{Kind: d.Kind, At: d.At, Actor: d.Actor, Reason: d.Reason, Detail: d.Detail, SecretID: d.SecretID, SecretEnds: d.SecretEnds},
		ClientID: d.ClientID, Generation: d.Generation, ExpiresAt: d.ExpiresAt,
	}
	switch len(d.Hash) {
	case 0:
	case len(authz.TokenHash{}):
		e.Token = &authz.TokenKey{Hour: d.Hour, Hash: authz.TokenHash(d.Hash)}
	default:
		return authz.Event{}, fmt.Errorf("%w: event %d: hash of %d bytes", errDamaged, key, len(d.Hash))
	}
	return e, nil
}

// encodeDocument writes < > & as they are: escaped for HTML, as json.Marshal
// does, they take six bytes, and a client with scopes of them has no room.
func encodeDocument(d any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte(versionDocument)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	document := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(document) > maxDocument {
		return nil, fmt.Errorf("a record of %d bytes is above the %d that can be stored", len(document)-1, maxDocument)
	}
	return document, nil
}

func decodeDocument(b []byte, d any) error {
	if len(b) == 0 || b[0] != versionDocument {
		return fmt.Errorf("%w: document of %d bytes", errDamaged, len(b))
	}
	if err := json.Unmarshal(b[1:], d); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}
