// Package exchange holds the pipeline's own words for a request and its
// answer: method, target and fields as received, in their order and spelling,
// a body to stream, and the answer to write.
//
// Fronts make exchanges, the pipeline judges them, upstreams read them and
// write their answers. The package refuses to know net/http, sockets,
// configuration and policy; it imports the standard library only.
//
// It serves RFC 9110 sections 5, 6 and 7 (fields, messages, forwarding).
package exchange
