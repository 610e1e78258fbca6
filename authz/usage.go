package authz

import (
	"context"
	"time"
)

// Usage is what is kept of a client's uses. Times are whole seconds in UTC.
// Counts lack what a crash took with it: at most one interval of Uses.
type Usage struct {
	Client     ClientID
	Since      time.Time // when counting began
	LastUsedAt time.Time // when a good token of the client was last presented; zero: never
	Total      Tally     // since Since
	// Marks are the totals at the beginning of yesterday and of today (UTC),
	// as far as somebody looked.
	Marks  [2]Mark
	Scopes []ScopeUsage // one for each scope that the client may have, in byte order
}

// ScopeUsage is what is kept of a client's uses of one scope. A scope that is
// taken from the client is forgotten with its counts.
type ScopeUsage struct {
	Scope Scope
	// Since is when counting began: when the client got the scope, or when it
	// was first counted at all.
	Since time.Time
	// LastUsedAt is when a Requirement that asked for the scope last let a
	// request of the client pass; zero: never since Since.
	LastUsedAt time.Time
	Uses       uint64 // such requests since Since
}

// Tally is how often a client did what counts as a use of it.
type Tally struct {
	Requests uint64 // with a good token of the client, whatever became of them
	Tokens   uint64 // issued to it
	// EarlyTokens were issued while one that the client had already lived on
	// for more than half of its life.
	EarlyTokens uint64
}

// Mark is a Tally at the beginning of a day.
type Mark struct {
	Day  int64 // in UTC, since 1970-01-01
	Then Tally
}

// A client fetches a token per call if, since the beginning of yesterday (UTC),
// it got at least tokenPerCallEarly tokens that it did not need yet, and made
// fewer than tokenPerCallRequests requests for each token that it got. The
// first tells it from a job that calls once an hour with tokens that live for
// an hour; the second from one client id on many machines, each of which keeps
// its token.
const (
	tokenPerCallEarly    = 20
	tokenPerCallRequests = 2
)

// Recent returns what was counted since the beginning of yesterday (UTC), or
// since counting began if that was later.
func (u *Usage) Recent() (since time.Time, t Tally) {
	before := u.Marks[0]
	since = time.Unix(before.Day*secondsPerDay, 0).UTC()
	if u.Since.After(since) {
		since = u.Since
	}
	return since, u.Total.less(before.Then)
}

// FetchesTokenPerCall reports whether the client asks for a token where it has
// one that it could go on using.
func (u *Usage) FetchesTokenPerCall() bool {
	_, t := u.Recent()
	return t.EarlyTokens >= tokenPerCallEarly && t.Requests < tokenPerCallRequests*t.Tokens
}

// UnusedFor reports whether the client had the scope for the whole span before
// now and never used it in it.
func (u *ScopeUsage) UnusedFor(span time.Duration, now time.Time) bool {
	return now.Sub(later(u.Since, u.LastUsedAt)) >= span
}

func (t Tally) less(then Tally) Tally {
	return Tally{t.Requests - then.Requests, t.Tokens - then.Tokens, t.EarlyTokens - then.EarlyTokens}
}

// MaxUsagePage bounds how many usages are read at a time.
const MaxUsagePage = 1000

// UsageStore keeps what clients used. It is no part of the law: no answer
// depends on it.
type UsageStore interface {
	// PutUsage keeps each usage in place of what was kept of its client. It is
	// not a control change and appends no event; the last one may be lost by a
	// crash. Repeating it changes nothing.
	PutUsage(ctx context.Context, usages []Usage) error
	// Usages returns up to limit usages, at most MaxUsagePage, in the order of
	// client ids, beginning after the given one (empty: from the start).
	Usages(ctx context.Context, after ClientID, limit int) ([]Usage, error)
}
