package config

import (
	"regexp"
	"time"
)

// Health is an active check of each endpoint.
type Health struct {
	Path     string
	Interval time.Duration
	Timeout  time.Duration
}

var healthObject = object[Health]{
	title: "health",
	doc:   "Asks each endpoint regularly whether it is well: an answer of 200 to 399 in time says so.",
	fresh: func() Health { return Health{Interval: 10 * time.Second, Timeout: 2 * time.Second} },
	fields: []field[Health]{
		key("path", word(scalar[string]{
			want:    "a path that begins with / and holds visible ASCII characters",
			pattern: regexp.MustCompile(`^/[\x21\x22\x24-\x7e]*$`),
			longest: 2048,
		}), func(h *Health) *string { return &h.Path }, "The path to get; it may have a query.").must(),
		key("interval", duration(100*time.Millisecond, 24*time.Hour), func(h *Health) *time.Duration { return &h.Interval },
			"How often to ask."),
		key("timeout", duration(time.Millisecond, 5*time.Minute), func(h *Health) *time.Duration { return &h.Timeout },
			"How long to wait for the answer; at most `interval`."),
	},
	check: func(r *reader, h *Health, path string) {
		if !r.given(join(path, "timeout")) {
			h.Timeout = min(h.Timeout, h.Interval)
		}
		if h.Timeout > h.Interval {
			r.problemAt(join(path, "timeout"), "%s is longer than interval, %s", shortDuration(h.Timeout), shortDuration(h.Interval))
		}
	},
}
