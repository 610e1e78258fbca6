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
// Where what stands:
//
//   - Who: client, registration, owner, addresses, clientsearch; secrets and
//     tokens as text in text, the keys that hash them in hashkeys.
//   - What they may: scope, resource, requirement, policy.
//   - Whether a request passes: authorizer, with principal, reason and
//     challenge; callers for the question the other way round.
//   - Tokens: issuer, issueby, issuelimit; caps on living ones in tokencap,
//     tokencaps and tokencount.
//   - Changes: registry, revoketokens, keys and sidebyside; what is written of them in
//     change and eventkind; who is told in audit, expiring and webhookkey.
//   - Declared clients: declared, declaredsecrets, declaredshared, apply, applyclient.
//   - Uses: uses, meter, usage.
//   - What an engine keeps: store, engine, entry, events; its time in clock
//     and clockreset.
//
// It serves RFC 6749 sections 2, 3.3 and 4.4, RFC 6750 sections 2 and 3,
// RFC 7009 and RFC 7662.
package authz
