// Package admin is the admin API: what the command line and operators use to
// register clients, rotate and revoke, ask and reload a running server.
//
// It turns JSON into calls of authz.Registry and authz.Issuer and their
// results into JSON, checks the admin token on TCP, and writes the audit log.
// It refuses to know stores, routes and configuration: what the server says of
// those comes in as functions.
//
// Errors are problem documents (RFC 9457).
package admin
