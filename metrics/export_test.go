package metrics

import "github.com/prometheus/client_golang/prometheus"

// Gatherer shows the registry to the linter.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// LabelSet is a label and the values that this package knows for it.
type LabelSet struct {
	Label  string
	Values []string
}

// WebhookResults shows the results of webhook deliveries.
func WebhookResults() []string { return webhookResults }

// LabelValues are the closed sets that no configuration changes.
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
