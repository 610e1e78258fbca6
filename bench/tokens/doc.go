//go:build linux

// Command tokens measures the token endpoint: durable tokens a second for 1,
// 16 and 64 clients, beside a bare endpoint that does the least that a durable
// one must, and Redis with appendfsync always where it is installed. It then
// looks at the other side: what requests that pass the gateway wait while the
// token endpoint is saturated. `make bench-tokens`.
//
// It installs nothing. The figures are those of a disk: compare them within
// one run.
package main
