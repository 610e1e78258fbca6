package authz

import (
	"context"
	"time"
)

// RevokeTokens ends all tokens of a client that were issued before the given
// instant (zero: all until now), without touching the client otherwise. Tokens
// know their time in whole seconds: within the second of the instant those
// issued after it end, too, rather than that one issued before it lives on.
// The error of an instant that lies in the future is a *FieldError.
func (r *Registry) RevokeTokens(ctx context.Context, id ClientID, issuedBefore time.Time, by By) (Client, error) {
	return r.change(ctx, id, by.change(EventTokensRevoked), func(c *Client, ch *Change) error {
		if issuedBefore.After(ch.At.Add(time.Second)) {
			return &FieldError{"issued_before", "lies in the future"}
		}
		cut := wholeSecond(issuedBefore.UTC())
		// A cut that is still to come would end tokens that are yet to be issued.
		if issuedBefore.IsZero() || cut.After(ch.At) {
			c.Generation++
			ch.say("all tokens")
			return nil
		}
		if !cut.After(c.TokensNotBefore) {
			return errUnchanged
		}
		c.TokensNotBefore = cut
		ch.say("tokens issued before " + cut.Format(time.RFC3339))
		return nil
	})
}

// wholeSecond is the first whole second that is not before t.
func wholeSecond(t time.Time) time.Time {
	if second := t.Truncate(time.Second); !second.Equal(t) {
		return second.Add(time.Second)
	}
	return t
}
