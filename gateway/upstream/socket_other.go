//go:build !unix

package upstream

// rawSockets is false where sockets are used through package net alone.
const rawSockets = false

func (t *trip) read() (int, error) { return t.readStream() }

func (t *trip) ready(uintptr) bool { return true }

func (c *conn) stale() bool { return false }
