//go:build linux

// Package main is the torture: the real binary under mixed load, killed, cut
// off from its disk and given a disk that fails, and asked after each time
// whether it kept what it had acknowledged (DESIGN.md section 8; the promises
// stand in docs/guarantees.md).
//
//	go run ./bench/torture -help
//	go run ./bench/torture -parts kill -rounds 300
//
// It owns the faults, the load and the book in which every acknowledgement is
// noted. It refuses to know how the store keeps things: it speaks HTTP and
// sends signals, but for filling a store with millions of tokens, which goes
// through package store to save hours. Whatever takes root (power cuts) or
// strace (failing disks) is said at the start and left out without it.
package main
