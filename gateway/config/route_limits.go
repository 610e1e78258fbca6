package config

// RouteLimits are the limits of one route; zero values are no limit.
type RouteLimits struct {
	RateLimit            // over all callers of the route
	PerClient            *RateLimit
	Concurrency          int
	ConcurrencyPerClient int
	Body                 int64 // the longest request body in bytes
}

var routeLimitsObject = object[RouteLimits]{
	title: "route limits",
	doc:   "Limits of one route, on top of those over all routes. Absent ones do not limit.",
	fields: []field[RouteLimits]{
		key("rate", rateKind, func(l *RouteLimits) *Rate { return &l.Rate },
			"How many requests may come to the route, from all callers together.").or("no limit"),
		key("burst", burstKind, func(l *RouteLimits) *int { return &l.Burst },
			"How many of them at once after a quiet time.").or("the number in `rate`"),
		key("per_client", maybe[RateLimit]{rateLimitObject}, func(l *RouteLimits) **RateLimit { return &l.PerClient },
			"For each client, over all its tokens.").or("no limit"),
		key("concurrency", concurrencyKind, func(l *RouteLimits) *int { return &l.Concurrency },
			"How many requests of the route may run at once.").or("no limit"),
		key("concurrency_per_client", concurrencyKind, func(l *RouteLimits) *int { return &l.ConcurrencyPerClient },
			"How many of them of one client.").or("no limit"),
		key("body", sizeKind, func(l *RouteLimits) *int64 { return &l.Body },
			"How long a request's body may be. A longer one is answered 413.").or("no limit"),
	},
	check: func(r *reader, l *RouteLimits, path string) {
		if r.given(join(path, "burst")) && !r.given(join(path, "rate")) {
			r.problemAt(join(path, "burst"), "says nothing without rate")
		}
		l.fill()
	},
}

// Quota is how many requests a client may send in a period.
type Quota struct {
	Requests int64
	Per      string // "day" or "month", in UTC
}

var quotaObject = object[Quota]{
	title: "quota",
	doc:   "How many requests each client may send to the route in a calendar day or month (UTC).",
	fields: []field[Quota]{
		key("requests", integer[int64]{1, 1_000_000_000_000}, func(q *Quota) *int64 { return &q.Requests },
			"The number of requests.").must(),
		key("per", word(scalar[string]{want: "period", words: []string{"day", "month"}}), func(q *Quota) *string { return &q.Per },
			"The period.").must(),
	},
}
