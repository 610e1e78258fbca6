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

// Server answers the fixed endpoints. All fields but Wall, JWKS,
// Throttle, IssueLimits, Scans and Turn are needed.
type Server struct {
	Issuer  *authz.Issuer
	Policy  *authz.CurrentPolicy
	Metrics *metrics.Metrics
	Log     *slog.Logger
	Now     func() time.Time
	// Wall is the system's clock, by which the log says how long a request took:
	// Now stands still while that is behind what the store has seen. If nil, Now.
	Wall     func() time.Time
	JWKS     func() []byte // the JWK set (RFC 7517), nil while nothing is signed; if nil, nothing ever is
	Throttle *Throttle     // slows guesses at secrets; if nil, nothing is slowed
	// IssueLimits count what clients with an issue limit ask for; if nil,
	// nobody is limited.
	IssueLimits *IssueLimits
	Scans       *Scans // slow questions about tokens that do not live; if nil, none are
	// Turn is waited for before each piece of work on a token, so that a crowd
	// of them lets other requests run; if nil, nothing is waited for.
	Turn func()
}

// endpoint is a fixed path, or with a final /* all below one.
type endpoint struct {
	path    string
	handler echo.HandlerFunc
}

// Mount gives the endpoints their paths. Echo's router knows these paths only;
// whatever else lies under them is answered 404 by NotFound.
func (s *Server) Mount(e *echo.Echo) {
	post, get := []string{http.MethodPost}, []string{http.MethodGet, http.MethodHead}
	endpoints := []endpoint{
		{TokenPath, only(s.token, post)},
		{IntrospectPath, only(s.introspect, post)},
		{RevokePath, only(s.revoke, post)},
		{JWKSPath, only(s.jwks, get)},
		{ServerPath, only(s.serverMetadata, get)},
		{ServerPath + "/*", only(s.serverMetadata, get)},
		{ResourcePath, only(s.resourceMetadata, get)},
		{ResourcePath + "/*", only(s.resourceMetadata, get)},
	}
	for _, end := range endpoints {
		e.Any(end.path, end.handler)
		e.RouteNotFound(end.path, end.handler) // methods that echo does not know, below a path
	}
	e.Any("/*", NotFound)
	e.RouteNotFound("/*", func(c echo.Context) error { // and at a path, where echo prefers this one
		for _, end := range endpoints {
			if end.path == c.Request().URL.Path {
				return end.handler(c)
			}
		}
		return NotFound(c)
	})
}

// only lets the given methods in; another is 405 with Allow (RFC 9110 15.5.6).
func only(h echo.HandlerFunc, methods []string) echo.HandlerFunc {
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
