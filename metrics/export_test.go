package metrics

import "github.com/prometheus/client_golang/prometheus"

// Gatherer shows the registry to the linter.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// LabelSet is a label and the values that this package knows for it.
type LabelSet struct {
	Label  string
	Values []string
}

// LabelValues shows the closed sets that this package owns.
func LabelValues() []LabelSet {
	return []LabelSet{
		{"method", methods},
		{"grant_type", defaultGrants},
		{"result", results},
		{"cause", causes},
		{"limit", limits},
		{"front", fronts},
		{"status", []string{"active", "disabled", "revoked"}},
	}
}
