package oauth

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/metrics"
)

// The fixed endpoints of the public listener.
const (
	TokenPath      = "/oauth/token"
	IntrospectPath = "/oauth/introspect"
	RevokePath     = "/oauth/revoke"
	JWKSPath       = "/oauth/jwks.json"
	ServerPath     = "/.well-known/oauth-authorization-server"
	ResourcePath   = "/.well-known/oauth-protected-resource"
)

// Server answers the fixed endpoints. All fields but JWKS, Throttle and
// IssueLimits are needed.
type Server struct {
	Issuer   *authz.Issuer
	Policy   *authz.CurrentPolicy
	Metrics  *metrics.Metrics
	Log      *slog.Logger
	Now      func() time.Time
	JWKS     func() []byte // the JWK set (RFC 7517); if nil, an empty one
	Throttle *Throttle     // slows guesses at secrets; if nil, nothing is slowed
	// IssueLimits count what clients with an issue limit ask for; if nil,
	// nobody is limited.
	IssueLimits *IssueLimits
}

// Mount gives the endpoints their paths. Echo's router knows these paths only;
// whatever else lies under them is answered 404 by NotFound.
func (s *Server) Mount(e *echo.Echo) {
	e.Any(TokenPath, only(s.token, http.MethodPost))
	e.Any(IntrospectPath, only(s.introspect, http.MethodPost))
	e.Any(RevokePath, only(s.revoke, http.MethodPost))
	e.Any(JWKSPath, only(s.jwks, http.MethodGet, http.MethodHead))
	e.Any(ServerPath, only(s.serverMetadata, http.MethodGet, http.MethodHead))
	e.Any(ServerPath+"/*", only(s.serverMetadata, http.MethodGet, http.MethodHead))
	e.Any(ResourcePath, only(s.resourceMetadata, http.MethodGet, http.MethodHead))
	e.Any("/*", func(c echo.Context) error { return NotFound(c) })
}

// only lets the given methods in; another is 405 with Allow (RFC 9110 15.5.6).
func only(h echo.HandlerFunc, methods ...string) echo.HandlerFunc {
	allow := strings.Join(methods, ", ")
	return func(c echo.Context) error {
		if slices.Contains(methods, c.Request().Method) {
			return h(c)
		}
		c.Response().Header().Set(echo.HeaderAllow, allow)
		return writeError(c, http.StatusMethodNotAllowed, authz.CodeInvalidRequest, "use "+allow)
	}
}

// NotFound answers a reserved path that is no endpoint.
func NotFound(c echo.Context) error {
	return writeError(c, http.StatusNotFound, "not_found", "no such endpoint")
}
