// Package upstream carries a permitted exchange to a backend and its answer
// back: endpoints, balancing, health, safe retries, and HTTP/1.1 connections
// of its own.
//
// It parses only answers of configured backends, strictly, and drops a
// connection at the first doubt. It takes a Permit for every exchange and
// refuses to know routes, policy and who made the exchange.
//
// It serves RFC 9110 sections 7 and 9.2.2 and RFC 9112 from the client's side.
package upstream
