//go:build linux

package main

import (
	"context"
	"net/http"
)

// lostNothing asks whether the store took its own log for one that lost its
// end: a crash and a power cut of an honest disk must not look like damage.
func (t *scenario) lostNothing(ctx context.Context, c *caller) {
	var text string
	code, err := c.admin(ctx, http.MethodGet, "/metrics", nil, &text)
	if err != nil || code != http.StatusOK {
		t.violated("metrics after a start: %d, %v", code, err)
		return
	}
	if n, err := gauge(text, "scopegate_store_lost_writes"); err != nil || n != 0 {
		t.violated("%d groups of writes are said to be lost (%v)", n, err)
	}
}
