package config

import "scopegate/strict"

// Protocols that an upstream may speak.
const (
	HTTP1 = "http1"
	HTTP2 = "h2"
)

// Upstream is a named backend.
type Upstream struct {
	Name             string
	Endpoints        []Endpoint // at least one
	Timeout          Timeout
	Health           *Health // nil: endpoints are judged by connecting alone
	Protocol         string  // HTTP1 or HTTP2
	TLS              TLS
	PreserveHost     bool // default of its routes
	MaxConnections   int  // open at one endpoint; 0: no bound
	RequestHeaders   HeaderRules
	ResponseHeaders  HeaderRules
	PrincipalHeaders []Header   // names that the backend knows; each value holds a placeholder of the principal
	Assertion        *Assertion // nil: none
}

var upstreamObject = strict.Object[Upstream]{
	Title: "upstreams.NAME",
	Doc:   "A backend: one or more endpoints that answer alike.",
	Fresh: func() Upstream { return Upstream{Timeout: defaultTimeout(), Protocol: HTTP1} },
	Fields: []strict.Field[Upstream]{
		strict.Key("endpoints", strict.List[Endpoint]{Of: endpointObject, Keep: true}, func(u *Upstream) *[]Endpoint { return &u.Endpoints },
			"The addresses of the backend; requests are spread over those that are well.").Required(),
		strict.Key("timeout", timeoutObject, func(u *Upstream) *Timeout { return &u.Timeout },
			"How long to wait for it."),
		strict.Key("health", strict.Optional[Health]{Of: healthObject}, func(u *Upstream) **Health { return &u.Health },
			"An active check.").Or("endpoints are judged by connecting alone"),
		strict.Key("protocol", strict.Word(strict.Scalar[string]{Want: "protocol", Words: []string{HTTP1, HTTP2}}), func(u *Upstream) *string { return &u.Protocol },
			"HTTP/1.1, or HTTP/2 (over plain http with prior knowledge)."),
		strict.Key("tls", tlsObject, func(u *Upstream) *TLS { return &u.TLS },
			"How https endpoints are trusted.").Or("by the system's authorities"),
		strict.Key("preserve_host", strict.Bool, func(u *Upstream) *bool { return &u.PreserveHost },
			"Sends the caller's `Host` instead of the endpoint's; routes may say otherwise."),
		strict.Key("max_connections", strict.Integer[int]{Min: 0, Max: 1_000_000}, func(u *Upstream) *int { return &u.MaxConnections },
			"How many connections may be open to one endpoint; 0: any number."),
		strict.Key("request_headers", headerRulesObject, func(u *Upstream) *HeaderRules { return &u.RequestHeaders },
			"Changes the header of each request to it; the route's changes come after.").Or("no changes"),
		strict.Key("response_headers", headerRulesObject, func(u *Upstream) *HeaderRules { return &u.ResponseHeaders },
			"Changes the header of each of its answers; the route's changes come after.").Or("no changes"),
		strict.Key("principal_headers", principalHeadersKind, func(u *Upstream) *[]Header { return &u.PrincipalHeaders },
			"Says who is calling in headers that the backend already knows, e.g. `X-Remote-User: \"{principal.client_id}\"`. They are guarded like the `X-Principal-` headers: whatever a caller sends under a name that folds to theirs is removed.").Or("none"),
		strict.Key("principal_assertion", strict.Optional[Assertion]{Of: assertionObject}, func(u *Upstream) **Assertion { return &u.Assertion },
			"Says who is calling in a signed `X-Principal-Assertion`, for a backend that verifies it.").Or("none is sent"),
	},
	Check: checkUpstream,
}

var upstreamsKind = strict.Table[Upstream, Upstream]{
	Name:  nameKind,
	Value: upstreamObject,
	Join: func(name string, u Upstream) Upstream {
		u.Name = name
		return u
	},
	Split: func(u Upstream) (string, Upstream) { return u.Name, u },
}

func checkUpstream(r *strict.Reader, u *Upstream, path string) {
	first := make(map[string]int)
	https := false
	for i, e := range u.Endpoints {
		https = https || e.Scheme != "http" && e.Scheme != "unix" // a bad URL says nothing
		where := e.Scheme + " " + e.Address().Reveal()
		if j, twice := first[where]; twice && e.Scheme != "" {
			r.ProblemAt(strict.Join(strict.Item(strict.Join(path, "endpoints"), i), "url"), "is the same endpoint as %s", strict.Item("endpoints", j))
		}
		first[where] = i
	}
	if r.Given(strict.Join(path, "tls")) && len(u.Endpoints) > 0 && !https {
		r.ProblemAt(strict.Join(path, "tls"), "no endpoint is https")
	}
	u.RequestHeaders.keepOff(r, u.PrincipalHeaders, strict.Join(path, "request_headers"), "")
}
