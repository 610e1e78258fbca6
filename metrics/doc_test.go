package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/metrics"
)

var update = flag.Bool("update", false, "write docs/metrics.md")

func TestMetricsPageSaysWhatDescribeSays(t *testing.T) {
	path := filepath.Join("..", "docs", "metrics.md")
	want := page()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/metrics.md is not what `go test ./metrics -update` writes (-want +got):\n%s", diff)
	}
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Metrics

The admin listener serves these at ` + "`/metrics`" + ` (` + "`http://127.0.0.1:8081/metrics`" + ` unless ` + "`--admin-listen`" + ` says otherwise), without a credential, in the Prometheus text format or OpenMetrics as the scraper asks. The Go
collector's ` + "`go_*`" + ` and the process collector's ` + "`process_*`" + ` are there too.

This page is written by ` + "`go test ./metrics -update`" + `.

| metric | type | labels | what it tells |
|---|---|---|---|
`)
	for _, d := range metrics.Describe() {
		labels := ""
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, labels, d.Help)
	}
	b.WriteString(`
## Labels

A label's values are a closed set; what lies outside counts as ` + "`other`" + `. No caller can make the number of series grow.

| label | values |
|---|---|
| ` + "`route`, `upstream`, `endpoint`, `scope`" + ` | as ` + "`routes.yaml`" + ` names them; a reload removes the series of what it no longer names. ` + "`none`" + ` is the route of requests that match no route |
`)
	b.WriteString("| `webhook` | as `routes.yaml` names them; a reload removes the series of what it no longer names |\n")
	for _, l := range metrics.LabelValues() {
		fmt.Fprintf(&b, "| `%s` | `%s` |\n", l.Label, strings.Join(l.Values, "`, `"))
	}
	fmt.Fprintf(&b, "| `result` of webhooks | `%s` |\n", strings.Join(metrics.WebhookResults(), "`, `"))
	b.WriteString("| `code` | the status codes that are registered, 499 (the caller left), `1xx` to `5xx` for the rest of a class |\n" +
		"| `client_id` | registered clients, the first 1000 that are met |\n" +
		"| `reason` | the reasons of the access log, each in [operating.md](operating.md) |\n")
	return b.String()
}
