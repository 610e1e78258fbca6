package oauth

import (
	"time"

	"scopegate/authz"
)

// scanLimit is how often one client may hear that a token does not live. It is
// far above what a resource server that is sent bad tokens needs.
var scanLimit = authz.IssueLimit{N: 100, Per: time.Second}

// Scans slow a client that asks the introspection endpoint about texts that
// are no living tokens (RFC 7662 section 4 warns of scanning): beyond a
// hundred in a second it is answered 429. What lives is always answered, so
// that nobody who sends bad tokens to a resource server keeps the good ones
// from being checked.
type Scans struct{ asked *IssueLimits }

// NewScans returns scans that nobody has begun.
func NewScans() *Scans { return &Scans{NewIssueLimits()} }

// Missed counts one token that does not live and returns how long the caller
// has to wait where that is too many; 0: it may hear so.
func (s *Scans) Missed(caller authz.ClientID, now time.Time) (wait time.Duration) {
	return s.asked.take(caller, scanLimit, now)
}
