package oauth

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// tokenBody is RFC 6749 section 5.1, with the scopes once more as a list.
type tokenBody struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   int64    `json:"expires_in"` // seconds
	Scope       string   `json:"scope"`
	Scopes      []string `json:"scopes"`
}

// token is the way of one token: form, client, grant, answer.
func (s *Server) token(c echo.Context) error {
	start := s.wall()
	s.turn()
	issued, client, grant, err := s.issue(c)
	s.turn()
	if err != nil {
		status, werr := s.refuse(c, err)
		s.Metrics.TokenRequest(grant, resultOf(err))
		s.note(c, "token", client.ID, status, err, start)
		return werr
	}
	s.Metrics.TokenRequest(grant, "issued")
	s.Metrics.Client(string(client.ID)).TokenIssued()
	s.note(c, "token", client.ID, http.StatusOK, nil, start)
	return writeJSON(c, http.StatusOK, tokenBody{
		AccessToken: issued.Text.Text(), TokenType: "Bearer", ExpiresIn: int64(issued.TTL / time.Second),
		Scope: issued.Record.Scopes.String(), Scopes: issued.Record.Scopes.Strings(),
	})
}

func (s *Server) issue(c echo.Context) (issued authz.Issued, client authz.Client, grant string, err error) {
	f, err := parseForm(c.Request())
	if err != nil {
		return issued, client, "other", err
	}
	grant = grantLabel(f.get("grant_type"))
	if client, err = s.authenticate(c, f); err != nil {
		return issued, client, grant, err
	}
	if s.IssueLimits != nil {
		if wait := s.IssueLimits.Take(&client, s.Now()); wait > 0 {
			return issued, client, grant, &authz.OAuthError{
				Code:        authz.CodeTemporarilyUnavailable,
				Description: "the client asks for more tokens than it may, slow down", Cause: &limitError{client.IssueLimit, wait},
			}
		}
	}
	req := authz.TokenRequest{Grant: authz.GrantType(f.get("grant_type")), Scope: f.get("scope"), Resources: f.all("resource")}
	issued, err = s.Issuer.Issue(c.Request().Context(), &client, req)
	return issued, client, grant, err
}

// grantLabel keeps the metric's label a closed set.
func grantLabel(grant string) string {
	if grant == string(authz.GrantClientCredentials) {
		return grant
	}
	return "other"
}

func resultOf(err error) string {
	var oe *authz.OAuthError
	var limited *limitError
	var capped *authz.TokenCapError
	switch {
	case errors.Is(err, errSlowDown), errors.As(err, &limited), errors.As(err, &capped):
		return "rate_limited"
	case errors.Is(err, authz.ErrFull):
		return "store_full"
	case errors.As(err, &oe):
		return string(oe.Code)
	}
	return string(authz.CodeTemporarilyUnavailable)
}

func (s *Server) turn() {
	if s.Turn != nil {
		s.Turn()
	}
}

// note logs one request to an endpoint: the code for the caller and the cause
// for the operator, never a credential. start is of wall.
func (s *Server) note(c echo.Context, endpoint string, id authz.ClientID, status int, err error, start time.Time) {
	attrs := []slog.Attr{
		slog.String("endpoint", endpoint), slog.Int("status", status), slog.String("client_id", string(id)),
		slog.String("remote_ip", c.RealIP()), slog.Float64("duration_ms", float64(s.wall().Sub(start).Microseconds())/1000),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
		s.Log.LogAttrs(c.Request().Context(), slog.LevelWarn, "oauth request refused", attrs...)
		return
	}
	s.Log.LogAttrs(c.Request().Context(), slog.LevelInfo, "oauth request", attrs...)
}

func (s *Server) wall() time.Time {
	if s.Wall != nil {
		return s.Wall()
	}
	return s.Now()
}

func setRetryAfter(c echo.Context, wait time.Duration) {
	seconds := int64((wait + time.Second - 1) / time.Second)
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.FormatInt(max(seconds, 1), 10))
}
