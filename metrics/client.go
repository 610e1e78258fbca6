package metrics

import (
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Client counts what one client does.
type Client struct {
	m        *Metrics
	requests *family
	issued   prometheus.Counter
}

// Client returns the counters of the client with this id, made on first use.
// Clients beyond the cap, ids that are not registered and the empty id share
// the client_id "other".
func (m *Metrics) Client(id string) *Client {
	m.clientsMu.RLock()
	c, ok := m.clients[id]
	full := len(m.clients) >= m.clientCap
	m.clientsMu.RUnlock()
	switch {
	case ok:
		return c
	case full || id == "" || id == other || !utf8.ValidString(id):
		return m.otherClient
	case m.registered != nil && !m.registered(id):
		return m.otherClient
	}
	return m.addClient(id)
}

func (m *Metrics) addClient(id string) *Client {
	m.clientsMu.Lock()
	defer m.clientsMu.Unlock()
	if c, ok := m.clients[id]; ok {
		return c
	}
	if len(m.clients) >= m.clientCap {
		return m.otherClient
	}
	c := m.newClient(id)
	m.clients[id] = c
	return c
}

func (m *Metrics) newClient(id string) *Client {
	return &Client{
		m: m, issued: m.tokensIssued.WithLabelValues(id),
		requests: newFamily(m.clientRequests, func(key uint32) []string {
			return []string{id, m.reasons.values[key]}
		}),
	}
}

// ForgetClient removes the series of a client that is revoked and makes room
// for another one under the cap.
func (m *Metrics) ForgetClient(id string) {
	m.clientsMu.Lock()
	defer m.clientsMu.Unlock()
	c, ok := m.clients[id]
	if !ok {
		return
	}
	delete(m.clients, id)
	c.requests.remove()
	m.tokensIssued.DeleteLabelValues(id)
}

// Request counts one request with a token of the client.
func (c *Client) Request(reason string) { c.requests.inc(uint32(c.m.reasons.of(reason))) }

// TokenIssued counts one token issued to the client.
func (c *Client) TokenIssued() { c.issued.Inc() }
