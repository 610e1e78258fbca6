//go:build linux

// Package proc starts the programs that are measured, each on the processor
// it was given, and reads from the kernel what they cost: processor time by
// the process clock (clock_getcpuclockid(3), in nanoseconds, user and system,
// threads that ended included) and resident memory.
//
// It refuses to know what the programs are. Every one that it started ends
// with Stage.Close, by its process id.
package proc
