package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"scopegate/strict"
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

var rateKind = strict.Scalar[Rate]{
	Want:    "a rate from 1 to 1000000 such as 100/s, 100/m or 100/h",
	Pattern: regexp.MustCompile(`^([1-9][0-9]{0,5}|1000000)/[smh]$`),
	Parse: func(text string) (Rate, error) {
		number, unit, _ := strings.Cut(text, "/")
		n, err := strconv.Atoi(number)
		if err != nil {
			return Rate{}, fmt.Errorf("%q is not a rate", text)
		}
		return Rate{n, ratePeriods[unit]}, nil
	},
	Print: Rate.String,
}

var burstKind = strict.Integer[int]{Min: 1, Max: 10_000_000}

var concurrencyKind = strict.Integer[int]{Min: 1, Max: 1_000_000}

var rateLimitObject = strict.Object[RateLimit]{
	Title: "rate limit",
	Doc:   "How many requests may come. A request beyond it is answered 429 `rate_limited` with `Retry-After`.",
	Fields: []strict.Field[RateLimit]{
		strict.Key("rate", rateKind, func(l *RateLimit) *Rate { return &l.Rate },
			"How many requests in a second, a minute or an hour, evenly spread.").Required(),
		strict.Key("burst", burstKind, func(l *RateLimit) *int { return &l.Burst },
			"How many may come at once after a quiet time.").Or("the number in `rate`"),
	},
	Check: func(_ *strict.Reader, l *RateLimit, _ string) { l.fill() },
}

func (l *RateLimit) fill() {
	if l.Burst == 0 {
		l.Burst = l.Rate.Count
	}
}

var limitsObject = strict.Object[Limits]{
	Title: "limits",
	Doc:   "Limits over all routes.",
	Fresh: defaultLimits,
	Fields: []strict.Field[Limits]{
		strict.Key("concurrency", concurrencyKind, func(l *Limits) *int { return &l.Concurrency },
			"How many requests may run at once. One more is answered 503 `overloaded`."),
		strict.Key("concurrency_per_client", concurrencyKind, func(l *Limits) *int { return &l.ConcurrencyPerClient },
			"How many of them of one client, so that none fills the bound alone. One more is answered 429 `rate_limited`.").Or("no limit"),
		strict.Key("per_client", strict.Optional[RateLimit]{Of: rateLimitObject}, func(l *Limits) **RateLimit { return &l.PerClient },
			"For each client, over all its tokens and all routes.").Or("no limit"),
		strict.Key("per_address", strict.Optional[RateLimit]{Of: rateLimitObject}, func(l *Limits) **RateLimit { return &l.PerAddress },
			"For each peer address (IPv6: each /64), over requests whose token is refused and requests to public routes. Good tokens behind the same address pass.").Or("no limit"),
	},
}
