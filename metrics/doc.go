// Package metrics counts what happens, in typed methods over
// prometheus/client_golang.
//
// It owns every metric's name, HELP, labels and buckets, the registry and the
// handler of /metrics. A label's values are closed sets: routes, upstreams,
// endpoints and scopes of the configuration, registered client ids up to a
// cap, methods, status codes, reasons, grant types, results, causes, limits
// and fronts that this package or its Options name. Whatever lies outside
// counts as "other", so that no caller can make the number of series grow.
//
// It refuses to know the rest of the house: it imports nothing of ours, and
// nobody else imports prometheus. It never sees a path, a token or a header.
//
// It serves the Prometheus text format 0.0.4 and OpenMetrics 1.0.
package metrics
