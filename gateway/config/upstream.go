package config

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

var upstreamObject = object[Upstream]{
	title: "upstreams.NAME",
	doc:   "A backend: one or more endpoints that answer alike.",
	fresh: func() Upstream { return Upstream{Timeout: defaultTimeout(), Protocol: HTTP1} },
	fields: []field[Upstream]{
		key("endpoints", list[Endpoint]{of: endpointObject, keep: true}, func(u *Upstream) *[]Endpoint { return &u.Endpoints },
			"The addresses of the backend; requests are spread over those that are well.").must(),
		key("timeout", timeoutObject, func(u *Upstream) *Timeout { return &u.Timeout },
			"How long to wait for it."),
		key("health", maybe[Health]{healthObject}, func(u *Upstream) **Health { return &u.Health },
			"An active check.").or("endpoints are judged by connecting alone"),
		key("protocol", word(scalar[string]{want: "protocol", words: []string{HTTP1, HTTP2}}), func(u *Upstream) *string { return &u.Protocol },
			"HTTP/1.1, or HTTP/2 (over plain http with prior knowledge)."),
		key("tls", tlsObject, func(u *Upstream) *TLS { return &u.TLS },
			"How https endpoints are trusted.").or("by the system's authorities"),
		key("preserve_host", yesOrNo, func(u *Upstream) *bool { return &u.PreserveHost },
			"Sends the caller's `Host` instead of the endpoint's; routes may say otherwise."),
		key("max_connections", integer[int]{0, 1_000_000}, func(u *Upstream) *int { return &u.MaxConnections },
			"How many connections may be open to one endpoint; 0: any number."),
		key("request_headers", headerRulesObject, func(u *Upstream) *HeaderRules { return &u.RequestHeaders },
			"Changes the header of each request to it; the route's changes come after.").or("no changes"),
		key("response_headers", headerRulesObject, func(u *Upstream) *HeaderRules { return &u.ResponseHeaders },
			"Changes the header of each of its answers; the route's changes come after.").or("no changes"),
		key("principal_headers", principalHeadersKind, func(u *Upstream) *[]Header { return &u.PrincipalHeaders },
			"Says who is calling in headers that the backend already knows, e.g. `X-Remote-User: \"{principal.client_id}\"`. They are guarded like the `X-Principal-` headers: whatever a caller sends under a name that folds to theirs is removed.").or("none"),
		key("principal_assertion", maybe[Assertion]{assertionObject}, func(u *Upstream) **Assertion { return &u.Assertion },
			"Says who is calling in a signed `X-Principal-Assertion`, for a backend that verifies it.").or("none is sent"),
	},
	check: checkUpstream,
}

var upstreamsKind = table[Upstream, Upstream]{
	name:  nameKind,
	value: upstreamObject,
	join: func(name string, u Upstream) Upstream {
		u.Name = name
		return u
	},
	split: func(u Upstream) (string, Upstream) { return u.Name, u },
}

func checkUpstream(r *reader, u *Upstream, path string) {
	first := make(map[string]int)
	https := false
	for i, e := range u.Endpoints {
		https = https || e.Scheme != "http" && e.Scheme != "unix" // a bad URL says nothing
		where := e.Scheme + " " + e.Address().Reveal()
		if j, twice := first[where]; twice && e.Scheme != "" {
			r.problemAt(join(item(join(path, "endpoints"), i), "url"), "is the same endpoint as %s", item("endpoints", j))
		}
		first[where] = i
	}
	if r.given(join(path, "tls")) && len(u.Endpoints) > 0 && !https {
		r.problemAt(join(path, "tls"), "no endpoint is https")
	}
	u.RequestHeaders.keepOff(r, u.PrincipalHeaders, join(path, "request_headers"), "")
}
