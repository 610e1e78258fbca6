// Package openapi makes a routes.yaml of an OpenAPI 3 document: its paths,
// methods, and the OAuth 2.0 scopes that its security requirements ask for by
// the client-credentials flow.
//
// It owns what of such a document can be decided. What cannot is a problem
// with line and column and no route: an operation without security, with
// another kind of credential, or with a path that is no pattern is left out,
// and never open. It refuses to know sockets, the clock and further files:
// references are not followed.
package openapi
