package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits are over all routes.
type Limits struct {
	Concurrency int // running requests; beyond it: 503
	// ConcurrencyPerClient is how many of them one client may have; 0: any number.
	ConcurrencyPerClient int
	PerClient            *RateLimit // over all tokens of a client; nil: none
	// PerAddress counts refused tokens and public routes, per peer address (IPv6:
	// per /64); nil: none.
	PerAddress *RateLimit
}

func defaultLimits() Limits { return Limits{Concurrency: 10000} }

// RateLimit is a token bucket.
type RateLimit struct {
	Rate  Rate
	Burst int // requests at once; at least 1
}

// Rate is Count requests in each Per; the zero Rate is none.
type Rate struct {
	Count int
	Per   time.Duration // a second, a minute or an hour
}

// String returns N/s, N/m or N/h; empty for the zero Rate.
func (r Rate) String() string {
	for unit, per := range ratePeriods {
		if r.Per == per {
			return strconv.Itoa(r.Count) + "/" + unit
		}
	}
	return ""
}

var ratePeriods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

var rateKind = scalar[Rate]{
	want:    "a rate from 1 to 1000000 such as 100/s, 100/m or 100/h",
	pattern: regexp.MustCompile(`^([1-9][0-9]{0,5}|1000000)/[smh]$`),
	parse: func(text string) (Rate, error) {
		number, unit, _ := strings.Cut(text, "/")
		n, err := strconv.Atoi(number)
		if err != nil {
			return Rate{}, fmt.Errorf("%q is not a rate", text)
		}
		return Rate{n, ratePeriods[unit]}, nil
	},
	print: Rate.String,
}

var burstKind = integer[int]{1, 10_000_000}

var concurrencyKind = integer[int]{1, 1_000_000}

var rateLimitObject = object[RateLimit]{
	title: "rate limit",
	doc:   "How many requests may come. A request beyond it is answered 429 `rate_limited` with `Retry-After`.",
	fields: []field[RateLimit]{
		key("rate", rateKind, func(l *RateLimit) *Rate { return &l.Rate },
			"How many requests in a second, a minute or an hour, evenly spread.").must(),
		key("burst", burstKind, func(l *RateLimit) *int { return &l.Burst },
			"How many may come at once after a quiet time.").or("the number in `rate`"),
	},
	check: func(_ *reader, l *RateLimit, _ string) { l.fill() },
}

func (l *RateLimit) fill() {
	if l.Burst == 0 {
		l.Burst = l.Rate.Count
	}
}

var limitsObject = object[Limits]{
	title: "limits",
	doc:   "Limits over all routes.",
	fresh: defaultLimits,
	fields: []field[Limits]{
		key("concurrency", concurrencyKind, func(l *Limits) *int { return &l.Concurrency },
			"How many requests may run at once. One more is answered 503 `overloaded`."),
		key("concurrency_per_client", concurrencyKind, func(l *Limits) *int { return &l.ConcurrencyPerClient },
			"How many of them of one client, so that none fills the bound alone. One more is answered 429 `rate_limited`.").or("no limit"),
		key("per_client", maybe[RateLimit]{rateLimitObject}, func(l *Limits) **RateLimit { return &l.PerClient },
			"For each client, over all its tokens and all routes.").or("no limit"),
		key("per_address", maybe[RateLimit]{rateLimitObject}, func(l *Limits) **RateLimit { return &l.PerAddress },
			"For each peer address (IPv6: each /64), over requests whose token is refused and requests to public routes. Good tokens behind the same address pass.").or("no limit"),
	},
}
