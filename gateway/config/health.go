package config

import (
	"regexp"
	"time"

	"scopegate/strict"
)

// Health is an active check of each endpoint.
type Health struct {
	Path     string
	Interval time.Duration
	Timeout  time.Duration
}

var healthObject = strict.Object[Health]{
	Title: "health",
	Doc:   "Asks each endpoint regularly whether it is well: an answer of 200 to 399 in time says so.",
	Fresh: func() Health { return Health{Interval: 10 * time.Second, Timeout: 2 * time.Second} },
	Fields: []strict.Field[Health]{
		strict.Key("path", strict.Word(strict.Scalar[string]{
			Want:    "a path that begins with / and holds visible ASCII characters",
			Pattern: regexp.MustCompile(`^/[\x21\x22\x24-\x7e]*$`),
			Longest: 2048,
		}), func(h *Health) *string { return &h.Path }, "The path to get; it may have a query.").Required(),
		strict.Key("interval", strict.Duration(100*time.Millisecond, 24*time.Hour), func(h *Health) *time.Duration { return &h.Interval },
			"How often to ask."),
		strict.Key("timeout", strict.Duration(time.Millisecond, 5*time.Minute), func(h *Health) *time.Duration { return &h.Timeout },
			"How long to wait for the answer; at most `interval`."),
	},
	Check: func(r *strict.Reader, h *Health, path string) {
		if !r.Given(strict.Join(path, "timeout")) {
			h.Timeout = min(h.Timeout, h.Interval)
		}
		if h.Timeout > h.Interval {
			r.ProblemAt(strict.Join(path, "timeout"), "%s is longer than interval, %s", strict.ShortDuration(h.Timeout), strict.ShortDuration(h.Interval))
		}
	},
}
