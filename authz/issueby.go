package authz

import (
	"context"
	"fmt"
	"strings"
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
	ch.say(told(&issued.Record)...)
	if err := s.Store.Note(ctx, ch); err != nil {
		return Issued{}, unavailable(fmt.Errorf("note the token: %w", err))
	}
	return issued, nil
}

// told is a token as the control log has it.
func told(t *AccessToken) []string {
	said := []string{fmt.Sprintf("token %s with scopes %s until %s", t.Key.Hash.ID(), shown(t.Scopes), t.ExpiresAt.UTC().Format(time.RFC3339))}
	if len(t.Resources) > 0 {
		said = append(said, "bound to "+shown(strings.Join(t.Resources, " ")))
	}
	return said
}
