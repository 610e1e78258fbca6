package authz

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxLiveTokens is the highest cap on a client's living tokens.
const MaxLiveTokens = 1_000_000

// longestCapWait bounds what a client at its cap is told to wait: a place may
// be free sooner than its oldest token ends, since tokens are revoked too.
const longestCapWait = time.Hour

// TokenCapError refuses a token to a client that holds as many living ones as
// it may. Wait is how long the one that ends first still lives: 1 s to 1 h.
type TokenCapError struct {
	Cap  int
	Wait time.Duration
}

// Error implements error, for the operator.
func (e *TokenCapError) Error() string {
	return fmt.Sprintf("cap of %d living tokens is reached", e.Cap)
}

// put stores a token for a client, within its cap. The place under the cap is
// taken before the token is written, so that however many are asked for at
// once, no more than the cap are ever acknowledged.
func (s *Issuer) put(ctx context.Context, c *Client, token *AccessToken) error {
	var place *tokenCount
	if c.MaxLiveTokens > 0 {
		if s.Caps == nil {
			return unavailable(errors.New("the client has a cap on living tokens and nobody counts them"))
		}
		var err error
		if place, err = s.Caps.take(ctx, c, token); err != nil {
			return capRefusal(err)
		}
	}
	if err := s.Store.PutToken(ctx, *token); err != nil {
		if place != nil {
			place.end(token) // whatever became of the record, its text was told to nobody
		}
		return unavailable(fmt.Errorf("store token: %w", err))
	}
	s.Caps.note(c, token, place)
	return nil
}

func capRefusal(err error) error {
	if _, capped := errors.AsType[*TokenCapError](err); !capped {
		return unavailable(fmt.Errorf("count the client's tokens: %w", err))
	}
	return &OAuthError{
		Code:        CodeTemporarilyUnavailable,
		Description: "the client holds as many living tokens as it may, use those until they end", Cause: err,
	}
}
