// Package live is the in-memory view of a store: what a request's check needs
// is answered from memory, and what the engine acknowledged is in it before
// the caller hears of it.
//
// It owns the table of tokens (pointer-free records keyed by the token's
// hash, read without locks), the live state of all clients, the sets of scopes
// that they and the tokens share, the follower of the control log, the warm-up
// after a start, and the sweep of what expired.
//
// With many clients each request is another one's, and what it costs is what
// it reads that no cache holds. So equal sets of scopes are one, and what a
// request touches of a client lies together; see BenchmarkClientsInTurn.
//
// It refuses to know what an engine is made of: it wraps any authz.Store. It
// decides nothing either: a token is judged at each use by authz, against the
// state its client has in that instant, so that revoking a client is one
// pointer swapped and never a search.
//
// What it promises:
//   - A revocation that was acknowledged is seen by every later lookup. A
//     revoked token is a record that stays until the token expires; it is
//     never evicted, and what a slow reader brings from the engine never
//     replaces it.
//   - While all tokens fit into memory, an unknown token costs no disk read.
//   - If the engine cannot answer, a lookup says so (authz.ErrUnavailable); it
//     never calls a token unknown that might exist.
//
// It serves RFC 7009 section 2 (revocation takes place immediately).
package live
