// Package route is the routes as running: the one reading of a path, the table
// that finds a request's Route, and the words that explain what it found.
//
// It owns Canonical (one reading of a path or none), Pattern, Route, Table,
// Match, CanonicalHost, the rewriting of targets, and the list of paths that
// belong to the authorization server.
//
// It refuses to know sockets, clocks, YAML, tokens and upstreams: everything
// here is a function of its arguments. It imports authz, for the Requirement
// that a Route carries, and the standard library.
//
// It serves RFC 3986 sections 2 and 3.3 (percent-encoding, path segments),
// RFC 9110 sections 4.2.3 (comparing URIs), 7.2 (Host), 9.3 and 15.5.6
// (methods, Allow), and RFC 9112 section 3.2 (request target).
package route
