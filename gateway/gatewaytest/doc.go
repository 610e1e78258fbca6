// Package gatewaytest drives a whole gateway in tests: a configuration in
// words, requests as raw bytes over a real socket, and an upstream that
// answers by script and remembers every byte.
//
// Its corpus format is a txtar archive for each case: what the caller sends,
// what the upstream answers, and what both must see, complete, so that
// whatever passes that should not shows. Every front runs the same corpus.
//
// It is for tests alone and refuses to know how a front works.
package gatewaytest
