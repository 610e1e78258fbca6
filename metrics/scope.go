package metrics

import "github.com/prometheus/client_golang/prometheus"

// Scope counts the uses of one scope.
type Scope struct{ uses prometheus.Counter }

// Scope returns the counter of a scope of the catalogue, made on first use.
// Resolve it at load.
func (m *Metrics) Scope(name string) *Scope {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.scopes[name]
	if !ok {
		s = &Scope{uses: m.scopeUses.WithLabelValues(name)}
		m.scopes[name] = s
	}
	return s
}

// Used counts one allowed request that needed the scope.
func (s *Scope) Used() { s.uses.Inc() }

// KeepScopes removes the series of all scopes but these. A reload calls it
// once the new catalogue is in force.
func (m *Metrics) KeepScopes(names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := members(names)
	for name := range m.scopes {
		if !kept[name] {
			delete(m.scopes, name)
			m.scopeUses.DeleteLabelValues(name)
		}
	}
}
