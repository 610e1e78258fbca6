//go:build linux

// Package main is the torture: the real binary under mixed load, killed, cut
// off from its disk, given a disk that fails or is full, and asked after each
// time whether it kept what it had acknowledged; filled with millions of
// tokens, and soaked for hours (the promises stand in docs/guarantees.md).
//
//	go run ./bench/torture -help
//	go run ./bench/torture -parts kill -rounds 300
//
// It owns the faults, the load and the book in which every acknowledgement is
// noted. It refuses to know how the store keeps things: it speaks HTTP and
// sends signals, but for filling a store with millions of tokens, which goes
// through package store to save hours. Whatever takes root (power cuts, full
// disks) or strace (failing disks) fails without it and says so.
package main
