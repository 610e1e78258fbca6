// Package forwarded says where a request came from, and writes it down for
// the upstream.
//
// It owns the reading of X-Forwarded-For, -Proto and -Host from trusted
// proxies, and the writing of these and of Forwarded (RFC 7239). Only what
// hops of the trusted list vouch for is believed and passed on: a legacy
// backend that reads the leftmost address reads the real one. A trusted proxy
// must therefore set X-Forwarded-For itself; Forwarded is written and never
// read, so that two fields cannot tell two stories.
//
// It refuses to know exchanges' answers, routes, configuration and sockets.
package forwarded
