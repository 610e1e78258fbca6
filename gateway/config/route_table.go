package config

import (
	"errors"

	"scopegate/gateway/route"
)

var errReservedPath = errors.New("paths under /oauth/ and /.well-known/oauth- belong to the authorization server")

var routeObject = object[RouteConfig]{
	title: "routes[]",
	doc:   "A guarded path: which requests it takes, what it asks of the caller, and where they go. Exactly one of `require` and `public: true` stands in each.",
	fields: []field[RouteConfig]{
		key("name", nameKind, func(c *RouteConfig) *string { return &c.Name },
			"Its label in metrics and logs; unique. `none` and `other` are taken.").must(),
		key("host", hostKind, func(c *RouteConfig) *string { return &c.Host },
			"The host that requests are for, compared without case and port. A route with a host wins over one without.").or("any host"),
		key("path", patternKind, func(c *RouteConfig) *route.Pattern { return &c.Path },
			"`/a/b` is just that; `{name}` is one segment; a final `/*` is `/a`, `/a/` and everything below. Literals win over `{name}` over `/*`, segment by segment.").must(),
		key("methods", list[string]{of: methodKind, same: same[string]}, func(c *RouteConfig) *[]string { return &c.Methods },
			"The methods that it takes; `GET` brings `HEAD`. Another one is answered 405.").or("any method"),
		key("require", maybe[Require]{requireObject}, func(c *RouteConfig) **Require { return &c.Require },
			"What a caller must have.").or("required, unless `public: true`"),
		key("public", yesOrNo, func(c *RouteConfig) *bool { return &c.Public },
			"true opens the route to everybody. Nothing else does."),
		key("resource", resourceKind, func(c *RouteConfig) *string { return &c.Resource },
			"The protected resource that it belongs to (RFC 8707). A token that was asked for with `resource` opens the routes of those resources and no others; one that was not opens all that its scopes do. Not with `public`.").or("none"),
		key("upstream", nameKind, func(c *RouteConfig) *string { return &c.Upstream },
			"The backend, one of `upstreams`.").must(),
		key("strip_prefix", pathText, func(c *RouteConfig) *string { return &c.StripPrefix },
			"The beginning of `path`, whole segments, that the backend does not see. Not with `rewrite`.").or("nothing"),
		key("rewrite", pathText, func(c *RouteConfig) *string { return &c.Rewrite },
			"The path that the backend sees, with the `{name}`s of `path` as whole segments and a final `/*` if `path` has one.").or("the path as received"),
		key("preserve_host", maybe[bool]{yesOrNo}, func(c *RouteConfig) **bool { return &c.preserveHost },
			"Sends the caller's `Host` instead of the endpoint's.").or("the upstream's `preserve_host`"),
		key("allow_encoded_slash", yesOrNo, func(c *RouteConfig) *bool { return &c.AllowEncodedSlash },
			"Takes paths with `%2F` within a segment, which is otherwise answered 400."),
		key("forward_authorization", yesOrNo, func(c *RouteConfig) *bool { return &c.ForwardAuthorization },
			"Sends the caller's `Authorization` on to the backend."),
		key("websocket", yesOrNo, func(c *RouteConfig) *bool { return &c.WebSocket },
			"Takes WebSocket handshakes. The connection ends when its token does."),
		key("cors", maybe[CORS]{corsObject}, func(c *RouteConfig) **CORS { return &c.CORS },
			"Answers browsers' preflights, without a token, and lets pages of other origins read the answers.").or("no CORS"),
		key("request_headers", headerRulesObject, func(c *RouteConfig) *HeaderRules { return &c.RequestHeaders },
			"Changes the header of the request, after the upstream's changes.").or("no changes"),
		key("response_headers", headerRulesObject, func(c *RouteConfig) *HeaderRules { return &c.ResponseHeaders },
			"Changes the header of the answer, after the upstream's changes.").or("no changes"),
		key("limits", routeLimitsObject, func(c *RouteConfig) *RouteLimits { return &c.Limits },
			"Limits of this route.").or("no limits"),
		key("quota", maybe[Quota]{quotaObject}, func(c *RouteConfig) **Quota { return &c.Quota },
			"How many requests a client may send in a day or a month.").or("no quota"),
		key("addresses", addressesObject, func(c *RouteConfig) *Addresses { return &c.Addresses },
			"Which peers may call.").or("all"),
		key("timeout", routeTimeoutObject, func(c *RouteConfig) *RouteTimeout { return &c.Timeout },
			"How long to wait.").or("the upstream's"),
	},
	check: checkRoute,
	rules: []rule{requireOrPublic{}, notBoth("strip_prefix", "rewrite")},
}

func checkRoute(r *reader, c *RouteConfig, path string) {
	require, public := join(path, "require"), join(path, "public")
	switch {
	case c.Public && r.given(require):
		r.problemAt(public, "a public route asks for nothing; take away public or require")
	case c.Public && c.Resource != "":
		r.problemAt(join(path, "resource"), "a public route takes no token, so that none can be bound to it")
	case !c.Public && !r.given(require):
		r.problemAt(path, "require is missing; name scopes or clients there, or open the route with public: true")
	}
	if c.Public {
		checkPublic(r, c, path)
	}
	checkRewrite(r, c, path)
}

// checkPublic refuses what needs a principal where there is none.
func checkPublic(r *reader, c *RouteConfig, path string) {
	for _, key := range []string{"quota", "limits.per_client", "limits.concurrency_per_client"} {
		if at := path + "." + key; r.given(at) {
			r.problemAt(at, "a public route knows no client")
		}
	}
	for key, rules := range map[string]HeaderRules{"request_headers": c.RequestHeaders, "response_headers": c.ResponseHeaders} {
		rules.each(func(verb string, h Header) {
			if h.Value.NamesPrincipal() {
				r.problemAt(join(join(join(path, key), verb), h.Name), "a public route knows no principal")
			}
		})
	}
}

func checkRewrite(r *reader, c *RouteConfig, path string) {
	strip, rewrite := join(path, "strip_prefix"), join(path, "rewrite")
	if r.given(strip) && r.given(rewrite) {
		r.problemAt(rewrite, "rewrite and strip_prefix exclude each other")
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
		r.problemAt(at, "%s", err)
	}
}

// patternKind is the path of a route.
var patternKind = scalar[route.Pattern]{
	want:    "a path that begins with /",
	pattern: pathText.pattern,
	longest: 2048,
	parse: func(text string) (route.Pattern, error) {
		p, err := route.ParsePattern(text)
		if err == nil && route.Reserved(p) {
			err = errReservedPath
		}
		return p, err
	},
	print: route.Pattern.String,
}
