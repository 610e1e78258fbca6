// Package oauth is the authorization server over HTTP: the token,
// introspection, revocation, metadata and key endpoints that every scopegate
// serves under /oauth/ and /.well-known/oauth-.
//
// It reads each form exactly once into a value, authenticates the client, lets
// authz.Issuer do the work, and has one writer for answers and one for errors.
// It refuses to know stores, routes and what is proxied.
//
// It serves RFC 6749 sections 2.3, 4.4, 5.1 and 5.2, RFC 7009, RFC 7662,
// RFC 8414 and RFC 9728.
package oauth
