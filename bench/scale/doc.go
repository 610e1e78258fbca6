// Command scale measures what a request costs with few clients and tokens, and
// with as many as a large installation has: a hundred thousand clients and ten
// million live tokens unless flags say otherwise. Both servers hold all their
// tokens in memory and are asked by the same callers in turn. See
// docs/performance.md.
//
// It runs on Linux; elsewhere the package is empty.
package main
