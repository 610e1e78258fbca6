//go:build linux

// Package report writes what a benchmark found: as aligned text for the one
// who ran it, as markdown for the documentation. It names the machine, since
// a figure without it means nothing.
//
// It refuses to know what the figures mean.
package report
