package config

import (
	"errors"

	"scopegate/gateway/route"
	"scopegate/strict"
)

var errReservedPath = errors.New("paths under /oauth/ and /.well-known/oauth- belong to the authorization server")

var routeObject = strict.Object[RouteConfig]{
	Title: "routes[]",
	Doc:   "A guarded path: which requests it takes, what it asks of the caller, and where they go. Exactly one of `require` and `public: true` stands in each.",
	Fields: []strict.Field[RouteConfig]{
		strict.Key("name", nameKind, func(c *RouteConfig) *string { return &c.Name },
			"Its label in metrics and logs; unique. `none` and `other` are taken.").Required(),
		strict.Key("host", hostKind, func(c *RouteConfig) *string { return &c.Host },
			"The host that requests are for, compared without case and port. A route with a host wins over one without.").Or("any host"),
		strict.Key("path", patternKind, func(c *RouteConfig) *route.Pattern { return &c.Path },
			"`/a/b` is just that; `{name}` is one segment; a final `/*` is `/a`, `/a/` and everything below. Literals win over `{name}` over `/*`, segment by segment.").Required(),
		strict.Key("methods", strict.List[string]{Of: methodKind, Same: strict.Same[string]}, func(c *RouteConfig) *[]string { return &c.Methods },
			"The methods that it takes; `GET` brings `HEAD`. Another one is answered 405.").Or("any method"),
		strict.Key("require", strict.Optional[Require]{Of: requireObject}, func(c *RouteConfig) **Require { return &c.Require },
			"What a caller must have.").Or("required, unless `public: true`"),
		strict.Key("public", strict.Bool, func(c *RouteConfig) *bool { return &c.Public },
			"true opens the route to everybody. Nothing else does."),
		strict.Key("resource", resourceKind, func(c *RouteConfig) *string { return &c.Resource },
			"The protected resource that it belongs to (RFC 8707). A token that was asked for with `resource` opens the routes of those resources and no others; one that was not opens all that its scopes do. Not with `public`.").Or("none"),
		strict.Key("upstream", nameKind, func(c *RouteConfig) *string { return &c.Upstream },
			"The backend, one of `upstreams`.").Required(),
		strict.Key("strip_prefix", pathText, func(c *RouteConfig) *string { return &c.StripPrefix },
			"The beginning of `path`, whole segments, that the backend does not see. Not with `rewrite`.").Or("nothing"),
		strict.Key("rewrite", pathText, func(c *RouteConfig) *string { return &c.Rewrite },
			"The path that the backend sees, with the `{name}`s of `path` as whole segments and a final `/*` if `path` has one.").Or("the path as received"),
		strict.Key("preserve_host", strict.Optional[bool]{Of: strict.Bool}, func(c *RouteConfig) **bool { return &c.preserveHost },
			"Sends the caller's `Host` instead of the endpoint's.").Or("the upstream's `preserve_host`"),
		strict.Key("allow_encoded_slash", strict.Bool, func(c *RouteConfig) *bool { return &c.AllowEncodedSlash },
			"Takes paths with `%2F` within a segment, which is otherwise answered 400."),
		strict.Key("forward_authorization", strict.Bool, func(c *RouteConfig) *bool { return &c.ForwardAuthorization },
			"Sends the caller's `Authorization` on to the backend."),
		strict.Key("websocket", strict.Bool, func(c *RouteConfig) *bool { return &c.WebSocket },
			"Takes WebSocket handshakes. The connection ends when its token does."),
		strict.Key("cors", strict.Optional[CORS]{Of: corsObject}, func(c *RouteConfig) **CORS { return &c.CORS },
			"Answers browsers' preflights, without a token, and lets pages of other origins read the answers.").Or("no CORS"),
		strict.Key("request_headers", headerRulesObject, func(c *RouteConfig) *HeaderRules { return &c.RequestHeaders },
			"Changes the header of the request, after the upstream's changes.").Or("no changes"),
		strict.Key("response_headers", headerRulesObject, func(c *RouteConfig) *HeaderRules { return &c.ResponseHeaders },
			"Changes the header of the answer, after the upstream's changes.").Or("no changes"),
		strict.Key("limits", routeLimitsObject, func(c *RouteConfig) *RouteLimits { return &c.Limits },
			"Limits of this route.").Or("no limits"),
		strict.Key("quota", strict.Optional[Quota]{Of: quotaObject}, func(c *RouteConfig) **Quota { return &c.Quota },
			"How many requests a client may send in a day or a month.").Or("no quota"),
		strict.Key("addresses", addressesObject, func(c *RouteConfig) *Addresses { return &c.Addresses },
			"Which peers may call.").Or("all"),
		strict.Key("timeout", routeTimeoutObject, func(c *RouteConfig) *RouteTimeout { return &c.Timeout },
			"How long to wait.").Or("the upstream's"),
	},
	Check: checkRoute,
	Rules: []strict.Rule{requireOrPublic{}, strict.NotBoth("strip_prefix", "rewrite")},
}

func checkRoute(r *strict.Reader, c *RouteConfig, path string) {
	require, public := strict.Join(path, "require"), strict.Join(path, "public")
	switch {
	case c.Public && r.Given(require):
		r.ProblemAt(public, "a public route asks for nothing; take away public or require")
	case c.Public && c.Resource != "":
		r.ProblemAt(strict.Join(path, "resource"), "a public route takes no token, so that none can be bound to it")
	case !c.Public && !r.Given(require):
		r.ProblemAt(path, "require is missing; name scopes or clients there, or open the route with public: true")
	}
	if c.Public {
		checkPublic(r, c, path)
	}
	checkRewrite(r, c, path)
}

// checkPublic refuses what needs a principal where there is none.
func checkPublic(r *strict.Reader, c *RouteConfig, path string) {
	for _, key := range []string{"quota", "limits.per_client", "limits.concurrency_per_client"} {
		if at := path + "." + key; r.Given(at) {
			r.ProblemAt(at, "a public route knows no client")
		}
	}
	for key, rules := range map[string]HeaderRules{"request_headers": c.RequestHeaders, "response_headers": c.ResponseHeaders} {
		rules.each(func(verb string, h Header) {
			if h.Value.NamesPrincipal() {
				r.ProblemAt(strict.Join(strict.Join(strict.Join(path, key), verb), h.Name), "a public route knows no principal")
			}
		})
	}
}

func checkRewrite(r *strict.Reader, c *RouteConfig, path string) {
	strip, rewrite := strict.Join(path, "strip_prefix"), strict.Join(path, "rewrite")
	if r.Given(strip) && r.Given(rewrite) {
		r.ProblemAt(rewrite, "rewrite and strip_prefix exclude each other")
		return
	}
	if c.Path.String() == "" || c.StripPrefix == "" && c.Rewrite == "" {
		return // absent, or reported already
	}
	if _, err := c.Rewriting(); err != nil {
		at := strip
		if c.Rewrite != "" {
			at = rewrite
		}
		r.ProblemAt(at, "%s", err)
	}
}

// patternKind is the path of a route.
var patternKind = strict.Scalar[route.Pattern]{
	Want:    "a path that begins with /",
	Pattern: pathText.Pattern,
	Longest: 2048,
	Parse: func(text string) (route.Pattern, error) {
		p, err := route.ParsePattern(text)
		if err == nil && route.Reserved(p) {
			err = errReservedPath
		}
		return p, err
	},
	Print: route.Pattern.String,
}
