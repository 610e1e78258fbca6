package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/authz/webhook"
	"scopegate/metrics"
)

// Server answers the admin API. Every field is needed.
type Server struct {
	Registry *authz.Registry
	Issuer   *authz.Issuer
	Store    authz.Store
	Policy   *authz.CurrentPolicy
	Metrics  *metrics.Metrics
	Audit    *slog.Logger // who did what beside control changes; never a secret
	Log      *slog.Logger
	Now      func() time.Time
	Token    authz.SecretText // the admin token, asked over TCP
	Signing  *assertion.Keeper

	Meter        func(authz.ClientID) *authz.Meter // of a client; nil for an unknown one
	Requirements func() []authz.RouteRequirement   // of the routes in force

	Routes  func() any                                          // the routes in force
	Explain func(ExplainRequest) (any, error)                   // how a request would be judged
	Reload  func(context.Context) (any, []Problem, error)       // counts, or all problems
	Status  func() any                                          // the server's state
	Backup  func(ctx context.Context, w io.Writer) (any, error) // a consistent copy
	Check   func(context.Context) (any, error)                  // every record of the store read, and what is wrong with it

	Webhooks *webhook.Dispatcher
}

// Problem is one problem of a configuration file.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
}

// ExplainRequest asks how a request would be judged.
type ExplainRequest struct {
	Method string `json:"method"`
	Host   string `json:"host,omitempty"`
	Path   string `json:"path"`
	// Scopes are what the token would hold; absent: what the client gets that
	// asks for none by name, and without a client no token.
	Scopes   []string `json:"scopes,omitempty"`
	ClientID string   `json:"client_id,omitempty"`
	// Resources are those that the token would be bound to (RFC 8707).
	Resources []string `json:"resources,omitempty"`
	// From is the caller's address, as the gateway reads it.
	From string `json:"from,omitempty"`
}

// root is where the API's paths begin.
const root = "/admin/v1"

// Mount gives the API its paths. Over the Unix socket, which only its owner
// can open, no credential is asked.
func (s *Server) Mount(e *echo.Echo, overSocket bool) {
	g := e.Group(root, s.guard(overSocket), s.knownParameters)
	g.RouteNotFound("/*", otherwise(e))
	g.POST("/clients", s.createClient)
	g.GET("/clients", s.listClients)
	g.POST("/clients/apply", s.applyClients)
	g.POST("/secrets/hash", s.hashSecret)
	g.GET("/clients/:id", s.getClient)
	g.PATCH("/clients/:id", s.updateClient)
	g.POST("/clients/:id/rotate-secret", s.rotateSecret)
	g.DELETE("/clients/:id/secrets/:secret", s.removeSecret)
	g.POST("/clients/revoke", s.revokeOwner)
	g.POST("/clients/:id/revoke", s.clientStatus(s.Registry.Revoke))
	g.POST("/clients/:id/disable", s.clientStatus(s.Registry.Disable))
	g.POST("/clients/:id/enable", s.clientStatus(s.Registry.Enable))
	g.POST("/clients/:id/revoke-tokens", s.revokeClientTokens)
	g.GET("/keys", s.listKeys)
	g.POST("/keys/rotate", s.rotateKeys)
	g.DELETE("/keys/:id", s.retireKey)
	s.mountSigning(g)
	g.POST("/tokens", s.issueToken)
	g.POST("/tokens/revoke", s.revokeToken)
	g.POST("/tokens/introspect", s.introspectToken)
	g.GET("/events", s.listEvents)
	g.GET("/usage", s.listUsage)
	g.GET("/usage/routes", s.usageOfRoutes)
	g.GET("/webhooks", s.listWebhooks)
	g.POST("/webhooks/:name/test", s.testWebhook)
	g.GET("/webhooks/:name/dead-letters", s.listDeadLetters)
	g.POST("/webhooks/:name/dead-letters/retry", s.retryDeadLetters)
	g.POST("/webhooks/:name/dead-letters/drop", s.dropDeadLetters)
	g.GET("/routes", func(c echo.Context) error { return writeJSON(c, http.StatusOK, s.Routes()) })
	g.POST("/explain", s.explain)
	g.POST("/reload", s.reload)
	g.GET("/status", func(c echo.Context) error { return writeJSON(c, http.StatusOK, s.Status()) })
	g.GET("/backup", s.backup)
	g.GET("/store/check", s.check)
}

const actorKey = "actor"

// guard asks for the admin token and notes who acts. Comparing hashes keeps
// the comparison's time from telling the token's length.
func (s *Server) guard(overSocket bool) echo.MiddlewareFunc {
	want := sha256.Sum256([]byte(s.Token.Text()))
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if overSocket {
				c.Set(actorKey, "admin:socket")
				return next(c)
			}
			fields := c.Request().Header.Values(echo.HeaderAuthorization)
			scheme, token := "", ""
			if len(fields) == 1 {
				scheme, token, _ = strings.Cut(fields[0], " ")
			}
			got := sha256.Sum256([]byte(strings.TrimSpace(token)))
			if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 || s.Token.Text() == "" {
				s.Audit.WarnContext(c.Request().Context(), "admin request refused", "remote_ip", c.RealIP(), "path", c.Path())
				c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="scopegate admin"`)
				return writeProblem(c, http.StatusUnauthorized, "unauthorized", "The admin token is missing or wrong. The server keeps it in admin.token in its data directory, unless SCOPEGATE_ADMIN_TOKEN or SCOPEGATE_ADMIN_TOKEN_FILE gives it another.")
			}
			c.Set(actorKey, "admin:token")
			return next(c)
		}
	}
}

func actor(c echo.Context) string {
	name, _ := c.Get(actorKey).(string)
	return name
}

// by is who asks for a change, and why.
func by(c echo.Context, reason string) authz.By {
	return authz.By{Actor: actor(c), Reason: reason, Remote: c.RealIP()}
}

// audit writes who did what beside the control changes, of which authz.Audited
// tells.
func (s *Server) audit(c echo.Context, action string, attrs ...any) {
	s.Audit.InfoContext(c.Request().Context(), "admin change", append([]any{"action", action, "actor", actor(c), "remote_ip", c.RealIP()}, attrs...)...)
}
