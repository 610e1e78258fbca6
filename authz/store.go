package authz

import (
	"context"
	"errors"
	"time"
)

// The errors of a Store are a closed set; engines wrap them with the
// operation and never let one of their own kinds through alone.
var (
	// ErrNotFound: no such client or token.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the record changed since it was read; read again and retry.
	ErrConflict = errors.New("changed meanwhile")
	// ErrUnavailable: the store cannot answer; nothing is known of the outcome of a write.
	ErrUnavailable = errors.New("store unavailable")
	// ErrFull: the disk is below its reserve; nothing was written.
	ErrFull = errors.New("store full")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store closed")
)

// AccessToken is the stored record of an issued token, never the token itself.
type AccessToken struct {
	Key        TokenKey
	ClientID   ClientID
	Generation uint64 // the client's, when it was issued
	Grant      GrantType
	Scopes     *ScopeSet
	Resources  []string // RFC 8707; empty: bound to none
	IssuedAt   time.Time
	ExpiresAt  time.Time // whole seconds; refused from this instant on
	Revoked    bool
}

// Seq is a position in the control log: contiguous, from 1.
type Seq uint64

// EventKind says what a control event changed.
type EventKind string

// The kinds of control events.
const (
	EventClientCreated  EventKind = "client.created"
	EventClientUpdated  EventKind = "client.updated"
	EventSecretRotated  EventKind = "secret.rotated"
	EventSecretRemoved  EventKind = "secret.removed"
	EventSecretExpiring EventKind = "secret.expiring"
	EventClientRevoked  EventKind = "client.revoked"
	EventClientDisabled EventKind = "client.disabled"
	EventClientEnabled  EventKind = "client.enabled"
	EventTokensRevoked  EventKind = "client.tokens_revoked"
	EventTokenRevoked   EventKind = "token.revoked"
	EventTokenIssued    EventKind = "token.issued_by_admin" // a note: other tokens are no control changes
	EventSecretRehashed EventKind = "secret.rehashed"
	EventKeysRotated    EventKind = "keys.rotated"   // of no client
	EventKeysRetired    EventKind = "keys.retired"   // of no client
	EventClockSetBack   EventKind = "clock.set_back" // of no client
)

// Change says who makes a control change, and why. Engines write it into the
// event of the change.
type Change struct {
	Kind   EventKind
	At     time.Time
	Actor  string // "admin:socket", "admin:token", "admin:command", "client:<id>", "system"
	Reason string // why, in the actor's words; empty: none given
	Detail string // what changed, for a reader; never a secret
	Remote string // where it came from; for the audit log, no engine keeps it

	SecretID   string    // of a secret's event, and of a new client's secret
	SecretEnds time.Time // of a secret that ends; zero: not told

	ClientID ClientID // of a note about a client, which becomes the event's; engines keep it there alone
}

// Event is one entry of the control log.
type Event struct {
	Seq        Seq
	Change     Change
	ClientID   ClientID  // of a client event, and of a revoked token's client; empty: of neither
	Generation uint64    // the client's after the change
	Token      *TokenKey // of a token event
	ExpiresAt  time.Time // of the revoked token
}

// ClientQuery selects a page of clients, in the order of their ids.
type ClientQuery struct {
	After     ClientID // the last id of the page before; empty: from the start
	Limit     int      // 1 to 1000; 0: 100
	OwnerType string   // with OwnerID: of this owner only
	OwnerID   string
	Status    Status // empty: any
	Name      string // part of the name, without case; empty: any
	Labels    map[string]string
	ManagedBy string // made by this set of declared clients; empty: any
	Search    string // stands in id, name, owner or a label, without case; empty: any
}

// ClientPage is one page of clients; Next is empty on the last one.
type ClientPage struct {
	Clients []Client
	Next    ClientID
}

// Use says when a client, and which of its secrets, was last used.
type Use struct {
	Client ClientID
	Secret string // secret id; empty: only the client
	At     time.Time
}

// Store is the notebook that the authorization server needs. Values that it
// takes and returns are copies. All methods are safe for concurrent use.
//
// A control change (PutClient, RevokeToken, Note) is atomic with one Event that gets
// the next Seq, and it is on disk when the method returns nil.
type Store interface {
	// Client returns the client as last put; ErrNotFound.
	Client(ctx context.Context, id ClientID) (Client, error)
	// Clients returns one page in the order of ids.
	Clients(ctx context.Context, q ClientQuery) (ClientPage, error)
	// PutClient writes the client if the stored Version is still c.Version (0:
	// if there is none), raises Version by one, and returns what was stored.
	// A stored Generation never falls: ErrConflict. Atomic, durable.
	PutClient(ctx context.Context, c Client, ch Change) (Client, error)
	// TouchClients notes last uses; not a control change, no event, may be
	// lost by a crash. A later use is never replaced by an earlier one, and
	// Version stays.
	TouchClients(ctx context.Context, uses []Use) error
	UsageStore

	// PutToken stores an issued token. It is on disk when the method returns
	// nil, by group commit, unless the engine was opened with relaxed token
	// durability. Putting the same token again changes nothing.
	PutToken(ctx context.Context, t AccessToken) error
	// Token returns the record with Revoked as it is; ErrNotFound. Expired
	// records may still be there, or not: callers check ExpiresAt.
	Token(ctx context.Context, key TokenKey) (AccessToken, error)
	// TokenByID finds a token by its public id; ErrNotFound.
	TokenByID(ctx context.Context, id TokenID) (AccessToken, error)
	// RevokeToken revokes the token until it expires. It needs no stored
	// token and may be repeated; a repetition appends no second event.
	// Atomic, durable.
	RevokeToken(ctx context.Context, t AccessToken, ch Change) error
	// EachToken calls f with every stored token that is not expired at now, in
	// no order, until f returns false. Tokens put meanwhile may be missing.
	EachToken(ctx context.Context, now time.Time, f func(AccessToken) bool) error

	// Note appends the event of a change that is kept outside the store, such
	// as a new hash key. It names no token, and a client only if ch does; the
	// client's record stays as it is. Atomic, durable.
	Note(ctx context.Context, ch Change) error
	// Events returns up to limit events after the given position, oldest
	// first. Engines keep events for at least 90 days.
	Events(ctx context.Context, after Seq, limit int) ([]Event, error)
	// LastSeq returns the position of the newest event; 0: none yet.
	LastSeq(ctx context.Context) (Seq, error)

	// PutEntries writes all the entries into a namespace, or none. It is no control
	// change and has no event. Atomic; durable as PutToken is. An error if
	// CheckEntries has one.
	PutEntries(ctx context.Context, namespace string, entries []Entry) error
	// Entries returns up to limit entries of a namespace whose keys begin with
	// prefix and are greater than after, in the order of keys. A namespace that
	// nothing was put into is empty.
	Entries(ctx context.Context, namespace, prefix, after string, limit int) ([]Entry, error)

	// Check returns nil if the store can take writes, else ErrFull or
	// ErrUnavailable with the cause.
	Check(ctx context.Context) error
	// Close waits for running writes; a second Close returns nil.
	Close() error
}
