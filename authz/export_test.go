package authz

import "io"

// BearerText is bearerText, for tests of the header's grammar alone.
func BearerText(cred Credential) (string, Reason) { return bearerText(cred) }

// NewToken mints a token that expires in the given hour.
func NewToken(prefix string, hour Hour, random io.Reader) (BearerToken, TokenKey, error) {
	return newToken(prefix, hour, random)
}

// Note counts a token that was issued without a cap.
func (t *TokenCaps) Note(c *Client, token *AccessToken) { t.note(c, token, nil) }
