package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Type is a metric's type as the exposition formats name it.
type Type string

// The types that this package uses.
const (
	TypeCounter   Type = "counter"
	TypeGauge     Type = "gauge"
	TypeHistogram Type = "histogram"
)

// Description says what one metric is. Docs and dashboards are checked against it.
type Description struct {
	Name   string
	Type   Type
	Help   string
	Labels []string
}

// The metrics; docs/metrics.md is made from them.
var (
	requestsTotal = Description{
		"scopegate_requests_total", TypeCounter,
		"Requests to guarded and public routes, by how they were answered.",
		[]string{"route", "method", "code", "reason"},
	}
	requestSeconds = Description{
		"scopegate_request_duration_seconds", TypeHistogram,
		"Time from a request's head read to its answer written.",
		[]string{"route"},
	}
	requestsInFlight = Description{
		"scopegate_requests_in_flight", TypeGauge,
		"Requests that are being answered.", nil,
	}
	limitedTotal = Description{
		"scopegate_limited_total", TypeCounter,
		"Requests refused by a limit, by the limit that refused.",
		[]string{"route", "limit"},
	}
	connectionsOpen = Description{
		"scopegate_connections_open", TypeGauge,
		"Open connections of callers, by the front that serves them.",
		[]string{"front"},
	}
	requestHeadErrorsTotal = Description{
		"scopegate_request_head_errors_total", TypeCounter,
		"Connections of the public listener that net/http ended over a request's head: it refused the head (400, 417, 431, 501, 505), or the head did not come whole. No log line tells of them. HTTP/2 is not among them.",
		nil,
	}

	upstreamSeconds = Description{
		"scopegate_upstream_duration_seconds", TypeHistogram,
		"Time an upstream took, from the request sent to its answer read.",
		[]string{"upstream"},
	}
	upstreamErrorsTotal = Description{
		"scopegate_upstream_errors_total", TypeCounter,
		"Requests that an upstream failed, by reason.",
		[]string{"upstream", "reason"},
	}
	upstreamEndpointUp = Description{
		"scopegate_upstream_endpoint_up", TypeGauge,
		"Whether an upstream's endpoint is taken to work (1) or not (0).",
		[]string{"upstream", "endpoint"},
	}

	clientRequestsTotal = Description{
		"scopegate_client_requests_total", TypeCounter,
		"Requests made with a client's tokens, by reason.",
		[]string{"client_id", "reason"},
	}
	scopeUsesTotal = Description{
		"scopegate_scope_uses_total", TypeCounter,
		"Allowed requests that needed a scope.",
		[]string{"scope"},
	}
	clients = Description{
		"scopegate_clients", TypeGauge,
		"Registered clients, by status.",
		[]string{"status"},
	}
	secretsExpiring = Description{
		"scopegate_secrets_expiring", TypeGauge,
		"Secrets of active clients that end soon.", nil,
	}

	tokenRequestsTotal = Description{
		"scopegate_token_requests_total", TypeCounter,
		"Requests to the token endpoint, by result: issued or the OAuth error.",
		[]string{"grant_type", "result"},
	}
	tokensIssuedTotal = Description{
		"scopegate_tokens_issued_total", TypeCounter,
		"Access tokens issued to a client.",
		[]string{"client_id"},
	}
	tokensRevokedTotal = Description{
		"scopegate_tokens_revoked_total", TypeCounter,
		"Revocations of tokens, by who or what caused them.",
		[]string{"cause"},
	}
	tokensLive = Description{
		"scopegate_tokens_live", TypeGauge,
		"Access tokens in memory that have not expired.", nil,
	}
	tokenCacheHitsTotal = Description{
		"scopegate_token_cache_hits_total", TypeCounter,
		"Token lookups answered from memory.", nil,
	}
	tokenCacheMissesTotal = Description{
		"scopegate_token_cache_misses_total", TypeCounter,
		"Token lookups that had to read the store.", nil,
	}

	storeUp = Description{
		"scopegate_store_up", TypeGauge,
		"Whether the store answers (1) or not (0).", nil,
	}
	storeFull = Description{
		"scopegate_store_full", TypeGauge,
		"Whether the disk reserve is reached and nothing is issued (1) or not (0).", nil,
	}
	storeDiskBytes = Description{
		"scopegate_store_disk_bytes", TypeGauge,
		"Size of the store's files.", nil,
	}
	storeLostWrites = Description{
		"scopegate_store_lost_writes", TypeGauge,
		"Groups of acknowledged token writes that were missing when the store was opened, its log having lost its end.", nil,
	}
	storeWriteSeconds = Description{
		"scopegate_store_write_seconds", TypeHistogram,
		"Time of one durable write of the store, a batch and its sync.", nil,
	}
	storeBatchSize = Description{
		"scopegate_store_batch_size", TypeHistogram,
		"Records that one durable write of the store holds.", nil,
	}

	webhookDeliveriesTotal = Description{
		"scopegate_webhook_deliveries_total", TypeCounter,
		"Attempts to deliver an event, delivered or failed, and deliveries that became dead letters or were dropped.",
		[]string{"webhook", "result"},
	}
	webhookPending = Description{
		"scopegate_webhook_pending", TypeGauge,
		"Events that wait to be delivered, of what was read of the control log.",
		[]string{"webhook"},
	}
	webhookLagSeconds = Description{
		"scopegate_webhook_lag_seconds", TypeGauge,
		"How long ago the oldest event happened that waits to be delivered; 0 if none does.",
		[]string{"webhook"},
	}
	webhookDeadLetters = Description{
		"scopegate_webhook_dead_letters", TypeGauge,
		"Deliveries that were given up and are kept.",
		[]string{"webhook"},
	}

	reloadSuccessful = Description{
		"scopegate_config_last_reload_successful", TypeGauge,
		"Whether the last load of routes.yaml succeeded (1) or not (0).", nil,
	}
	reloadSuccessSeconds = Description{
		"scopegate_config_last_reload_success_timestamp_seconds", TypeGauge,
		"When routes.yaml was last loaded with success, in Unix time.", nil,
	}
	certificateNotAfter = Description{
		"scopegate_tls_certificate_expiry_timestamp_seconds", TypeGauge,
		"When the public listener's certificate ends, in Unix time. Absent without TLS.", nil,
	}
	logLinesDroppedTotal = Description{
		"scopegate_access_log_dropped_total", TypeCounter,
		"Access-log lines that were left out since their reader is too slow.", nil,
	}
	buildInfo = Description{
		"scopegate_build_info", TypeGauge,
		"1, with the version, the revision and the Go version that this binary is built from.",
		[]string{"version", "revision", "goversion"},
	}
)

// Describe lists every metric of this package, sorted by name. The Go and
// process collectors' are not among them.
func Describe() []Description {
	all := []Description{
		requestsTotal, requestSeconds, requestsInFlight, limitedTotal, connectionsOpen, requestHeadErrorsTotal,
		upstreamSeconds, upstreamErrorsTotal, upstreamEndpointUp,
		clientRequestsTotal, scopeUsesTotal, clients, secretsExpiring,
		tokenRequestsTotal, tokensIssuedTotal, tokensRevokedTotal, tokensLive, tokenCacheHitsTotal, tokenCacheMissesTotal,
		storeUp, storeFull, storeDiskBytes, storeLostWrites, storeWriteSeconds, storeBatchSize,
		webhookDeliveriesTotal, webhookPending, webhookLagSeconds, webhookDeadLetters,
		reloadSuccessful, reloadSuccessSeconds, certificateNotAfter, logLinesDroppedTotal, buildInfo,
	}
	slices.SortFunc(all, func(a, b Description) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		all[i].Labels = slices.Clone(all[i].Labels)
	}
	return all
}

func (d Description) desc() *prometheus.Desc {
	return prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
}

func (d Description) counterVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
}

func (d Description) counter() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: d.Name, Help: d.Help})
}

func (d Description) gaugeVec() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Help}, d.Labels)
}

func (d Description) gauge() prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: d.Name, Help: d.Help})
}

func (d Description) histogramVec(buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
}

func (d Description) histogram(buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets})
}
