package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The results of webhook deliveries.
var webhookResults = []string{"delivered", "failed", "dead", "dropped"}

// Webhook counts the deliveries of one webhook.
type Webhook struct {
	results []prometheus.Counter
	pending atomic.Int64
	dead    atomic.Int64
	lag     atomic.Int64 // a time.Duration
}

// Webhook returns the counters of a webhook of routes.yaml, made on first use.
func (m *Metrics) Webhook(name string) *Webhook {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.webhooks[name]
	if !ok {
		w = &Webhook{}
		for _, result := range webhookResults {
			w.results = append(w.results, m.webhookDeliveries.WithLabelValues(name, result))
		}
		m.webhooks[name] = w
	}
	return w
}

// Delivered counts an attempt that the receiver answered with 2xx.
func (w *Webhook) Delivered() { w.results[0].Inc() }

// Failed counts an attempt that went wrong.
func (w *Webhook) Failed() { w.results[1].Inc() }

// Dead counts a delivery that was given up and is a dead letter.
func (w *Webhook) Dead() { w.results[2].Inc() }

// Dropped counts a dead letter that had to go for lack of room.
func (w *Webhook) Dropped() { w.results[3].Inc() }

// Set says how many events wait, how many dead letters there are, and how long
// ago the oldest event that waits happened.
func (w *Webhook) Set(pending, dead int, lag time.Duration) {
	w.pending.Store(int64(pending))
	w.dead.Store(int64(dead))
	w.lag.Store(int64(lag))
}

// KeepWebhooks removes the series of all webhooks but these. A reload calls it
// once the new configuration is in force.
func (m *Metrics) KeepWebhooks(names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := members(names)
	for name := range m.webhooks {
		if !kept[name] {
			delete(m.webhooks, name)
			m.webhookDeliveries.DeletePartialMatch(prometheus.Labels{"webhook": name})
		}
	}
}

// collectWebhooks sends what is read at each scrape.
func (c *collector) collectWebhooks(send func(d Description, v float64, labels ...string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, w := range c.webhooks {
		send(webhookPending, float64(w.pending.Load()), name)
		send(webhookLagSeconds, time.Duration(w.lag.Load()).Seconds(), name)
		send(webhookDeadLetters, float64(w.dead.Load()), name)
	}
}
