package metrics

import (
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// DefaultClientCap is how many clients have series of their own.
const DefaultClientCap = 1000

// maxScrapes bounds the scrapes that are answered at once; more get 503.
const maxScrapes = 8

// Buckets in seconds; with +Inf they are 15 and span 0.5 ms to 60 s.
var secondBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 15, 60}

var batchBuckets = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}

// Options is what a Metrics needs to know beforehand.
type Options struct {
	// Reasons are the values of the reason label; any other reason counts as "other".
	Reasons []string
	// GrantTypes are the values of the grant_type label; if nil, client_credentials.
	GrantTypes []string
	// ClientCap is how many clients have series of their own; all further ones
	// count as "other". If 0, DefaultClientCap.
	ClientCap int
	// Registered reports whether a client id is registered; it is asked when an
	// id is met for the first time. If nil, the callers of Client answer for that.
	Registered func(id string) bool
	// Version and Revision of this binary, for build_info.
	Version, Revision string
}

// Metrics counts. Its methods are safe for concurrent use.
type Metrics struct {
	registry   *prometheus.Registry
	registered func(id string) bool
	clientCap  int

	methods, reasons, grants, results, causes, limits, fronts *set
	codes                                                     *codeSet

	requests, limited, upstreamErrors, clientRequests, tokensIssued, scopeUses *prometheus.CounterVec
	requestSeconds, upstreamSeconds                                            *prometheus.HistogramVec
	endpointUp                                                                 *prometheus.GaugeVec

	tokenRequests                          [][]prometheus.Counter // by grant type, then result
	tokensRevoked                          []prometheus.Counter   // by cause
	requestHeadErrors                      prometheus.Counter
	storeUp, storeFull                     prometheus.Gauge
	storeWriteSeconds, storeBatchSize      prometheus.Histogram
	reloadSuccessful, reloadSuccessSeconds prometheus.Gauge

	inFlight    Level
	connections []Level // by front
	sources     atomic.Pointer[Sources]

	mu        sync.Mutex // guards the maps of what the configuration names
	routes    map[string]*Route
	upstreams map[string]*Upstream
	scopes    map[string]*Scope
	webhooks  map[string]*Webhook

	webhookDeliveries *prometheus.CounterVec

	clientsMu   sync.RWMutex
	clients     map[string]*Client
	otherClient *Client
}

// New returns a Metrics on a registry of its own, with the Go and process
// collectors.
func New(o Options) *Metrics {
	if o.ClientCap == 0 {
		o.ClientCap = DefaultClientCap
	}
	if o.GrantTypes == nil {
		o.GrantTypes = defaultGrants
	}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		registered: o.Registered,
		clientCap:  o.ClientCap,

		methods: newSet(methods), reasons: newSet(o.Reasons), grants: newSet(o.GrantTypes), results: newSet(results),
		causes: newSet(causes), limits: newSet(limits), fronts: newSet(fronts), codes: newCodeSet(),

		requests: requestsTotal.counterVec(), limited: limitedTotal.counterVec(),
		upstreamErrors: upstreamErrorsTotal.counterVec(), clientRequests: clientRequestsTotal.counterVec(),
		tokensIssued: tokensIssuedTotal.counterVec(), scopeUses: scopeUsesTotal.counterVec(),
		requestSeconds:  requestSeconds.histogramVec(secondBuckets),
		upstreamSeconds: upstreamSeconds.histogramVec(secondBuckets),
		endpointUp:      upstreamEndpointUp.gaugeVec(),

		requestHeadErrors: requestHeadErrorsTotal.counter(),

		storeUp: storeUp.gauge(), storeFull: storeFull.gauge(),
		storeWriteSeconds: storeWriteSeconds.histogram(secondBuckets), storeBatchSize: storeBatchSize.histogram(batchBuckets),
		reloadSuccessful: reloadSuccessful.gauge(), reloadSuccessSeconds: reloadSuccessSeconds.gauge(),

		routes: make(map[string]*Route), upstreams: make(map[string]*Upstream),
		webhooks: make(map[string]*Webhook), webhookDeliveries: webhookDeliveriesTotal.counterVec(),
		scopes: make(map[string]*Scope), clients: make(map[string]*Client),
	}
	m.connections = make([]Level, len(m.fronts.values))
	m.sources.Store(&Sources{})
	m.register(o)
	m.otherClient = m.newClient(other)
	return m
}

func (m *Metrics) register(o Options) {
	tokenRequests, tokensRevoked := tokenRequestsTotal.counterVec(), tokensRevokedTotal.counterVec()
	build := buildInfo.gaugeVec()
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.limited, m.upstreamErrors, m.clientRequests, m.tokensIssued, m.scopeUses, m.requestHeadErrors,
		m.requestSeconds, m.upstreamSeconds, m.endpointUp, m.storeUp, m.storeFull, m.storeWriteSeconds, m.storeBatchSize,
		m.reloadSuccessful, m.reloadSuccessSeconds, tokenRequests, tokensRevoked, build, m.webhookDeliveries, (*collector)(m),
	)
	build.WithLabelValues(o.Version, o.Revision, runtime.Version()).Set(1)
	for _, grant := range m.grants.values {
		var row []prometheus.Counter
		for _, result := range m.results.values {
			row = append(row, tokenRequests.WithLabelValues(grant, result))
		}
		m.tokenRequests = append(m.tokenRequests, row)
	}
	for _, cause := range m.causes.values {
		m.tokensRevoked = append(m.tokensRevoked, tokensRevoked.WithLabelValues(cause))
	}
}

// Handler serves the metrics in the Prometheus text format or OpenMetrics, as
// the scraper asks.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
	})
}
