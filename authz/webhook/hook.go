package webhook

import (
	"crypto/tls"
	"maps"
	"regexp"
	"slices"
	"time"

	"scopegate/authz"
)

// Bounds of what one webhook keeps.
const (
	// MaxDeadLetters is how many dead letters are kept; beyond it the oldest goes.
	MaxDeadLetters = 1000
	// maxHeld is how many deliveries are in memory; beyond it the log is read no
	// further.
	maxHeld = 1024
	// maxQueue is how many of them may be one client's; its others wait in the log.
	maxQueue = 32
	// width is how many deliveries run at once.
	width = 8
)

// namePattern is what a name may be, so that it names a namespace.
var namePattern = regexp.MustCompile(`^[a-z0-9._-]{1,32}$`)

// Hook is one webhook as running.
type Hook struct {
	Name     string // 1 to 32 of a-z0-9._-
	URL      string // where to; it may hold a credential and is never logged
	Origin   string // its scheme and host, for people
	Events   map[authz.EventKind]bool
	Keys     []authz.WebhookKey // sign every message, all of them; at least one
	Timeout  time.Duration      // of one attempt
	Attempts int                // after so many the delivery is a dead letter; at least 1
	TLS      *tls.Config        // nil: the system's roots
}

// wants reports whether the webhook asks for the event.
func (h *Hook) wants(e *authz.Event) bool { return h.Events[e.Change.Kind] }

// Kinds returns the kinds of events that it asks for, sorted.
func (h *Hook) Kinds() []string {
	kinds := make([]string, 0, len(h.Events))
	for kind := range maps.Keys(h.Events) {
		kinds = append(kinds, string(kind))
	}
	slices.Sort(kinds)
	return kinds
}
