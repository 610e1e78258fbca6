//go:build linux

// Command peers measures scopegate beside other proxies, in one run on one
// machine: `make bench-peers`, or `go run ./bench/peers -help` for its flags.
//
// The proxy that is measured has one processor; the callers and a fixed
// upstream have another (package load). Rounds are interleaved, so that what
// the machine does beside is spread over all. The figure to trust is the
// processor time of the proxy for a request, as a ratio to nginx's plain
// proxy_pass within the same round; times and rates move with the machine.
//
// It installs nothing: a proxy that is not there is named as not measured.
package main
