package authz

import (
	"context"
	"fmt"
	"time"
)

// IssueBy issues a client's token to somebody else, an administrator who looks
// into a problem, and puts that into the control log. If that fails the text of
// the token is not returned, so that nobody has it. The error of a bad reason
// is a *FieldError, that of a refusal an *OAuthError.
func (s *Issuer) IssueBy(ctx context.Context, c *Client, req TokenRequest, by By) (Issued, error) {
	if err := by.Check(); err != nil {
		return Issued{}, err
	}
	issued, err := s.Issue(ctx, c, req)
	if err != nil {
		return Issued{}, err
	}
	ch := by.change(EventTokenIssued)
	ch.At, ch.ClientID = s.Now().UTC().Truncate(time.Millisecond), c.ID
	ch.say(fmt.Sprintf("token %s with scopes %s until %s", issued.Record.Key.Hash.ID(), shown(issued.Record.Scopes), issued.Record.ExpiresAt.UTC().Format(time.RFC3339)))
	if err := s.Store.Note(ctx, ch); err != nil {
		return Issued{}, unavailable(fmt.Errorf("note the token: %w", err))
	}
	return issued, nil
}
