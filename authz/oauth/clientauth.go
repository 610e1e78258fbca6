package oauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// credentials are what a client presented: its id and the texts that may be
// its secret.
type credentials struct {
	id         string
	candidates []authz.SecretText
}

var errSlowDown = errors.New("too many failed attempts")

// authenticate finds out which client calls: by Basic or by the form, never by
// both (RFC 6749 section 2.3).
func (s *Server) authenticate(c echo.Context, f form) (authz.Client, error) {
	cred, err := readCredentials(c.Request(), f)
	if err != nil {
		return authz.Client{}, err
	}
	from, _ := netip.ParseAddr(c.RealIP()) // the zero one passes no list
	client, err := s.Issuer.Authenticate(c.Request().Context(), cred.id, from, cred.candidates...)
	if s.Throttle == nil {
		return client, err
	}
	var oe *authz.OAuthError
	if errors.As(err, &oe) && oe.Code == authz.CodeInvalidClient {
		err = nameClaimed(oe, cred.id)
		if wait := s.Throttle.Failed(cred.id, c.RealIP(), s.Now()); wait > 0 {
			setRetryAfter(c, wait)
			return client, &authz.OAuthError{
				Code: authz.CodeInvalidClient, Description: "too many failed attempts, slow down",
				Cause: errors.Join(errSlowDown, err),
			}
		}
	}
	if err == nil {
		s.Throttle.Succeeded(cred.id, c.RealIP())
	}
	return client, err
}

// nameClaimed tells the operator which client the caller said to be. What is
// no client id may be anything, a secret too, and is not told.
func nameClaimed(oe *authz.OAuthError, id string) error {
	claimed, err := authz.ParseClientID(id)
	if err != nil {
		return oe
	}
	named := *oe
	named.Cause = fmt.Errorf("caller says to be client %s: %w", claimed, oe.Cause)
	return &named
}

func readCredentials(r *http.Request, f form) (credentials, error) {
	fields := r.Header.Values("Authorization")
	switch len(fields) {
	case 0:
		return formCredentials(f)
	case 1:
		return basicCredentials(fields[0], f)
	}
	return credentials{}, invalid("there is more than one Authorization field")
}

// formCredentials is client_secret_post. A client_id alone authenticates nobody.
func formCredentials(f form) (credentials, error) {
	id, secret := f.get("client_id"), f.get("client_secret")
	if id == "" || secret == "" {
		return credentials{}, noCredentials("client credentials are missing")
	}
	return credentials{id, []authz.SecretText{authz.NewSecretText(secret)}}, nil
}

// basicCredentials is client_secret_basic. Id and secret are form-encoded
// before they are put together (RFC 6749 section 2.3.1), which many clients
// leave out, so that both readings are tried.
func basicCredentials(field string, f form) (credentials, error) {
	scheme, encoded, _ := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return credentials{}, noCredentials("the Authorization scheme must be Basic")
	}
	if f.get("client_secret") != "" {
		return credentials{}, invalid("use one way of client authentication, not two")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return credentials{}, noCredentials("the Basic credentials are malformed")
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok || id == "" {
		return credentials{}, noCredentials("the Basic credentials are malformed")
	}
	if decoded, err := url.QueryUnescape(id); err == nil {
		id = decoded
	}
	if inForm := f.get("client_id"); inForm != "" && inForm != id {
		return credentials{}, invalid("the client_id of the form is not the one of the Authorization field")
	}
	decoded, err := url.QueryUnescape(secret)
	if err != nil || decoded == secret { // as of every secret that was made here
		return credentials{id, []authz.SecretText{authz.NewSecretText(secret)}}, nil
	}
	return credentials{id, []authz.SecretText{authz.NewSecretText(decoded), authz.NewSecretText(secret)}}, nil
}

func noCredentials(why string) error {
	return &authz.OAuthError{Code: authz.CodeInvalidClient, Description: "client authentication failed", Cause: errors.New(why)}
}
