package deploy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"scopegate/authz"
	"scopegate/metrics"
)

type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

type rule struct {
	Alert, Expr, For string
	Labels           map[string]string
	Annotations      map[string]string
}

var (
	metricName = regexp.MustCompile(`scopegate_[a-z_]+`)
	selection  = regexp.MustCompile(`(scopegate_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)\s*(?:=~|=|!=)\s*"([^"]*)"`)
	grouping   = regexp.MustCompile(`by \(([^)]*)\)`)
	rendered   = regexp.MustCompile(`\$labels\.([a-z_]+)`)
)

func TestAlertsPassPromtool(t *testing.T) {
	tool(t, "promtool", "prometheus", "check", "rules", "alerts.yaml")
	tool(t, "promtool", "prometheus", "test", "rules", "alerts_test.yaml")
}

func TestAlertsNameOnlyMetricsAndLabelsThatExist(t *testing.T) {
	labels := map[string][]string{}
	for _, d := range metrics.Describe() {
		labels[d.Name] = d.Labels
	}
	for _, r := range alerts(t) {
		known := []string{"instance", "job", "le", "alertname"}
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			own, ok := labels[strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")]
			if !ok {
				own, ok = labels[name]
			}
			if !ok {
				t.Errorf("%s: there is no metric %s", r.Alert, name)
			}
			known = append(known, own...)
		}
		for _, m := range grouping.FindAllStringSubmatch(r.Expr, -1) {
			for label := range strings.SplitSeq(m[1], ",") {
				if label = strings.TrimSpace(label); !slices.Contains(known, label) {
					t.Errorf("%s: groups by %s, which its metrics do not have", r.Alert, label)
				}
			}
		}
		for _, m := range rendered.FindAllStringSubmatch(r.Annotations["summary"]+r.Annotations["description"], -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: shows the label %s, which its metrics do not have", r.Alert, m[1])
			}
		}
	}
}

func TestAlertsNameOnlyReasonsThatExist(t *testing.T) {
	reasons := authz.Reasons()
	for _, r := range alerts(t) {
		for _, s := range selection.FindAllStringSubmatch(r.Expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				if m[1] != "reason" {
					continue
				}
				for reason := range strings.SplitSeq(m[2], "|") {
					if !slices.Contains(reasons, reason) {
						t.Errorf("%s: no request is ever counted with reason %q", r.Alert, reason)
					}
				}
			}
		}
	}
}

func TestAlertsSayWhatIsWrongAndWhatToDo(t *testing.T) {
	names := map[string]bool{}
	for _, r := range alerts(t) {
		if names[r.Alert] {
			t.Errorf("%s stands twice", r.Alert)
		}
		names[r.Alert] = true
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s: severity %q", r.Alert, r.Labels["severity"])
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" || r.For == "" {
			t.Errorf("%s: want a summary, a description and how long it must last", r.Alert)
		}
	}
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var rules []rule
	for _, g := range decode[ruleFile](t, "prometheus/alerts.yaml")[0].Groups {
		rules = append(rules, g.Rules...)
	}
	if len(rules) == 0 {
		t.Fatal("no alerts")
	}
	return rules
}
