// Package gateway is the road: it takes one request from its front to its
// upstream, straight down. The path has one reading or none; a route is found;
// the Authorizer decides; limits are met; the request goes upstream with the
// headers that say who is calling; one record tells what happened.
//
// It owns the Gateway and its Snapshot (all that one generation of routes.yaml
// means at run time, behind one pointer), the writing of refusals, the rules
// by which header fields pass, the access log, and the front over net/http.
//
// It refuses to know the store, the authorization server, engines and YAML:
// whether a token lives is the Authorizer's to say, what a file says is
// config's. Only the front_*.go files and framing.go know net/http.
//
// Where what stands:
//
//   - The way of a request: gateway, passage with its steps in their order,
//     target, cors, limits, prepare, response, refusal, record.
//   - What goes up with it: names says which fields pass; ownfields, template
//     and assertion make ours.
//   - What a file means: snapshot, build, build_guard, build_upstream,
//     build_edit, reload; keeper has the limiters that a reload leaves alone.
//   - The front over net/http: front_http, front_answer, target_http, framing, slow.
//   - The access log: accesslog, logtime, jsontext, linewriter.
//   - What others ask of it: explain, explain_question, requirements, quotas.
//   - Memory that requests use again: scratch.
//
// It serves RFC 6750 section 3, RFC 7239, RFC 9110 sections 7, 9 and 15,
// RFC 9112 section 6 and RFC 9457.
package gateway
