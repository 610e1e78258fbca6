//go:build linux

// Package gate runs scopegate for a measurement as an operator would: the
// built binary, a routes.yaml, a data directory of its own, a client that the
// command line registers and tokens from the token endpoint.
//
// It refuses to know scopegate's packages: what it measures is what is
// shipped. Only a profile build differs, by one file that is laid over the
// source for the build and stands nowhere else.
package gate
