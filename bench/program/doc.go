//go:build linux

// Package program is what the mains of the benchmarks share: a program that
// an interrupt ends, and a Benchmark, which has flags, a stage, a hand that
// makes the load, and a report for the terminal and for the documentation.
//
// It refuses to know what is measured.
package program
