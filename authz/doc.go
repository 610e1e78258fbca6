// Package authz is the law of scopegate: who a Client is, what a Scope and an
// AccessToken are, and whether a request may pass.
//
// It owns the words (Client, Secret, Scope, AccessToken, Principal,
// Requirement, Decision, Challenge, Permit), the closed set of Reasons that
// logs, metrics and APIs share, the Authorizer that turns a bearer token and a
// Requirement into a Decision, the Registry that changes clients, the Issuer
// that makes tokens, and the Store interface that they need.
//
// It refuses to know HTTP, sockets, YAML, engines and metrics: it imports the
// standard library only.
//
// It serves RFC 6749 sections 2, 3.3 and 4.4, RFC 6750 sections 2 and 3,
// RFC 7009 and RFC 7662.
package authz
