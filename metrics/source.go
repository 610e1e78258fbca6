package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Level is a number that goes up and down.
type Level struct{ n atomic.Int64 }

// Inc adds one.
func (l *Level) Inc() { l.n.Add(1) }

// Dec takes one away.
func (l *Level) Dec() { l.n.Add(-1) }

// InFlight is how many requests are being answered.
func (m *Metrics) InFlight() *Level { return &m.inFlight }

// Connections is how many connections a front has open: wire, http or admin.
func (m *Metrics) Connections(front string) *Level { return &m.connections[m.fronts.of(front)] }

// ClientCounts is how many clients have each status.
type ClientCounts struct{ Active, Disabled, Revoked int }

// Sources are read at each scrape, so they must be quick and safe for
// concurrent use. A metric whose source is nil does not appear.
type Sources struct {
	Clients         func() ClientCounts
	SecretsExpiring func() int
	TokensLive      func() int
	CacheHits       func() uint64
	CacheMisses     func() uint64
	StoreDiskBytes  func() int64
	StoreLostWrites func() uint64
	LogLinesDropped func() uint64
	// CertificateNotAfter is zero without TLS, and the metric absent.
	CertificateNotAfter func() time.Time
}

// Watch sets the sources, all anew.
func (m *Metrics) Watch(s Sources) { m.sources.Store(&s) }

// collector is the Metrics as prometheus reads its levels and sources.
type collector Metrics

// Describe sends the descriptions of all that Collect may send.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []Description{
		requestsInFlight, connectionsOpen, clients, secretsExpiring, tokensLive,
		tokenCacheHitsTotal, tokenCacheMissesTotal, storeDiskBytes, storeLostWrites, logLinesDroppedTotal, certificateNotAfter,
		webhookPending, webhookLagSeconds, webhookDeadLetters,
	} {
		ch <- d.desc()
	}
}

// Collect reads levels and sources.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	send := func(d Description, v float64, labels ...string) {
		kind := prometheus.GaugeValue
		if d.Type == TypeCounter {
			kind = prometheus.CounterValue
		}
		ch <- prometheus.MustNewConstMetric(d.desc(), kind, v, labels...)
	}
	send(requestsInFlight, float64(c.inFlight.n.Load()))
	for i, front := range c.fronts.values {
		send(connectionsOpen, float64(c.connections[i].n.Load()), front)
	}
	c.collectWebhooks(send)
	s := c.sources.Load()
	if s.Clients != nil {
		n := s.Clients()
		send(clients, float64(n.Active), "active")
		send(clients, float64(n.Disabled), "disabled")
		send(clients, float64(n.Revoked), "revoked")
	}
	if s.SecretsExpiring != nil {
		send(secretsExpiring, float64(s.SecretsExpiring()))
	}
	if s.TokensLive != nil {
		send(tokensLive, float64(s.TokensLive()))
	}
	if s.CacheHits != nil {
		send(tokenCacheHitsTotal, float64(s.CacheHits()))
	}
	if s.CacheMisses != nil {
		send(tokenCacheMissesTotal, float64(s.CacheMisses()))
	}
	if s.StoreDiskBytes != nil {
		send(storeDiskBytes, float64(s.StoreDiskBytes()))
	}
	if s.StoreLostWrites != nil {
		send(storeLostWrites, float64(s.StoreLostWrites()))
	}
	if s.LogLinesDropped != nil {
		send(logLinesDroppedTotal, float64(s.LogLinesDropped()))
	}
	if s.CertificateNotAfter != nil {
		if end := s.CertificateNotAfter(); !end.IsZero() {
			send(certificateNotAfter, float64(end.Unix()))
		}
	}
}
