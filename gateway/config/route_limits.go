package config

import "scopegate/strict"

// RouteLimits are the limits of one route; zero values are no limit.
type RouteLimits struct {
	RateLimit            // over all callers of the route
	PerClient            *RateLimit
	Concurrency          int
	ConcurrencyPerClient int
	Body                 int64 // the longest request body in bytes
}

var routeLimitsObject = strict.Object[RouteLimits]{
	Title: "route limits",
	Doc:   "Limits of one route, on top of those over all routes. Absent ones do not limit.",
	Fields: []strict.Field[RouteLimits]{
		strict.Key("rate", rateKind, func(l *RouteLimits) *Rate { return &l.Rate },
			"How many requests may come to the route, from all callers together.").Or("no limit"),
		strict.Key("burst", burstKind, func(l *RouteLimits) *int { return &l.Burst },
			"How many of them at once after a quiet time.").Or("the number in `rate`"),
		strict.Key("per_client", strict.Optional[RateLimit]{Of: rateLimitObject}, func(l *RouteLimits) **RateLimit { return &l.PerClient },
			"For each client, over all its tokens.").Or("no limit"),
		strict.Key("concurrency", concurrencyKind, func(l *RouteLimits) *int { return &l.Concurrency },
			"How many requests of the route may run at once.").Or("no limit"),
		strict.Key("concurrency_per_client", concurrencyKind, func(l *RouteLimits) *int { return &l.ConcurrencyPerClient },
			"How many of them of one client.").Or("no limit"),
		strict.Key("body", sizeKind, func(l *RouteLimits) *int64 { return &l.Body },
			"How long a request's body may be. A longer one is answered 413.").Or("no limit"),
	},
	Check: func(r *strict.Reader, l *RouteLimits, path string) {
		if r.Given(strict.Join(path, "burst")) && !r.Given(strict.Join(path, "rate")) {
			r.ProblemAt(strict.Join(path, "burst"), "says nothing without rate")
		}
		l.fill()
	},
}

// Quota is how many requests a client may send in a period.
type Quota struct {
	Requests int64
	Per      string // "day" or "month", in UTC
}

var quotaObject = strict.Object[Quota]{
	Title: "quota",
	Doc:   "How many requests each client may send to the route in a calendar day or month (UTC).",
	Fields: []strict.Field[Quota]{
		strict.Key("requests", strict.Integer[int64]{Min: 1, Max: 1_000_000_000_000}, func(q *Quota) *int64 { return &q.Requests },
			"The number of requests.").Required(),
		strict.Key("per", strict.Word(strict.Scalar[string]{Want: "period", Words: []string{"day", "month"}}), func(q *Quota) *string { return &q.Per },
			"The period.").Required(),
	},
}
