package authz

// Reason says why a request was answered as it was. It is a closed set that
// access log, metrics, audit and APIs share; the zero value is no reason at
// all and never allows.
type Reason uint8

// The reasons, in the order in which a request meets them.
const (
	ReasonNone Reason = iota
	ReasonAllowed
	ReasonPublic
	ReasonPreflight
	ReasonBadRequest
	ReasonBadPath
	ReasonHostMismatch
	ReasonNoRoute
	ReasonMethodNotAllowed
	ReasonAddressNotAllowed
	ReasonNoToken
	ReasonInvalidRequest
	ReasonMalformedToken
	ReasonUnknownToken
	ReasonExpiredToken
	ReasonRevokedToken
	ReasonClientRevoked
	ReasonClientDisabled
	ReasonOtherResource
	ReasonInsufficientScope
	ReasonClientNotAllowed
	ReasonRateLimited
	ReasonQuotaExceeded
	ReasonBodyTooLarge
	ReasonOverloaded
	ReasonStoreUnavailable
	ReasonUpstreamUnavailable
	ReasonUpstreamError
	ReasonUpstreamTimeout
	ReasonLoop
	ReasonClientGone
	ReasonInternal
	reasonCount
)

// reasonFacts are what a Reason means to a caller.
type reasonFacts struct {
	name   string // in log, metrics and APIs
	status int    // HTTP status of the refusal; 0: the upstream's
	public string // the error that the caller reads; empty: the name
	title  string
}

var reasons = [reasonCount]reasonFacts{
	ReasonNone:                {"none", 500, "internal", "Internal error"},
	ReasonAllowed:             {"allowed", 0, "", ""},
	ReasonPublic:              {"public", 0, "", ""},
	ReasonPreflight:           {"preflight", 204, "", ""},
	ReasonBadRequest:          {"bad_request", 400, "", "Bad request"},
	ReasonBadPath:             {"bad_path", 400, "", "The path can be read in more than one way"},
	ReasonHostMismatch:        {"host_mismatch", 400, "bad_request", "Bad request"},
	ReasonNoRoute:             {"no_route", 404, "", "No such route"},
	ReasonMethodNotAllowed:    {"method_not_allowed", 405, "", "Method not allowed"},
	ReasonAddressNotAllowed:   {"address_not_allowed", 403, "", "Address not allowed"},
	ReasonNoToken:             {"no_token", 401, "", "A bearer token is needed"},
	ReasonInvalidRequest:      {"invalid_request", 400, "", "Bad request"},
	ReasonMalformedToken:      {"malformed_token", 401, "invalid_token", "The access token is not valid"},
	ReasonUnknownToken:        {"unknown_token", 401, "invalid_token", "The access token is not valid"},
	ReasonExpiredToken:        {"expired_token", 401, "invalid_token", "The access token is not valid"},
	ReasonRevokedToken:        {"revoked_token", 401, "invalid_token", "The access token is not valid"},
	ReasonClientRevoked:       {"client_revoked", 401, "invalid_token", "The access token is not valid"},
	ReasonClientDisabled:      {"client_disabled", 401, "invalid_token", "The access token is not valid"},
	ReasonOtherResource:       {"other_resource", 401, "invalid_token", "The access token is not valid"},
	ReasonInsufficientScope:   {"insufficient_scope", 403, "", "The access token lacks a scope"},
	ReasonClientNotAllowed:    {"client_not_allowed", 403, "", "This client may not use this route"},
	ReasonRateLimited:         {"rate_limited", 429, "", "Too many requests"},
	ReasonQuotaExceeded:       {"quota_exceeded", 429, "", "The quota is used up"},
	ReasonBodyTooLarge:        {"body_too_large", 413, "", "The body is too large"},
	ReasonOverloaded:          {"overloaded", 503, "", "Overloaded"},
	ReasonStoreUnavailable:    {"store_unavailable", 503, "", "Temporarily unavailable"},
	ReasonUpstreamUnavailable: {"upstream_unavailable", 502, "", "The upstream cannot be reached"},
	ReasonUpstreamError:       {"upstream_error", 502, "", "The upstream's answer cannot be used"},
	ReasonUpstreamTimeout:     {"upstream_timeout", 504, "", "The upstream did not answer in time"},
	ReasonLoop:                {"loop", 508, "", "Loop detected"},
	ReasonClientGone:          {"client_gone", 499, "", "The caller left"},
	ReasonInternal:            {"internal", 500, "", "Internal error"},
}

// String returns the reason as log, metrics and APIs name it.
func (r Reason) String() string { return r.facts().name }

// Status returns the HTTP status of a refusal for this reason; 0 where the
// upstream's status counts. 499 is for log and metrics only: nobody reads it.
func (r Reason) Status() int { return r.facts().status }

// PublicError returns the error code that the caller may know: one text for
// all that is wrong with a token.
func (r Reason) PublicError() string {
	if f := r.facts(); f.public != "" {
		return f.public
	}
	return r.facts().name
}

// Title returns a short sentence for the caller.
func (r Reason) Title() string { return r.facts().title }

func (r Reason) facts() *reasonFacts {
	if r >= reasonCount {
		r = ReasonInternal
	}
	return &reasons[r]
}

// Reasons returns the names of all reasons, the closed set for metrics.
func Reasons() []string {
	names := make([]string, reasonCount)
	for i := range names {
		names[i] = reasons[i].name
	}
	return names
}
