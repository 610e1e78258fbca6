package metrics_test

import (
	"io"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"scopegate/metrics"
)

var reasons = []string{"allowed", "public", "no_token", "rate_limited", "upstream_error"}

// used returns a Metrics in which every metric has a series.
func used(t *testing.T) *metrics.Metrics {
	t.Helper()
	m := metrics.New(metrics.Options{Reasons: reasons, Version: "1.2.3", Revision: "abc"})
	m.Route("invoices").Done("GET", 200, "allowed", 3*time.Millisecond)
	m.Route("invoices").Limited("quota")
	m.Client("c1").Request("allowed")
	m.Client("c1").TokenIssued()
	m.Scope("invoices.read").Used()
	u := m.Upstream("billing")
	u.Done(2 * time.Millisecond)
	u.Error("upstream_error")
	u.Endpoint("http://127.0.0.1:9001").Up(false)
	m.TokenRequest("client_credentials", "issued")
	m.TokenRevoked("admin")
	m.InFlight().Inc()
	m.Webhook("crm").Delivered()
	m.Connections("wire").Inc()
	m.RequestHeadError()
	m.StoreUp(true)
	m.StoreFull(true)
	m.StoreWrite(time.Millisecond, 12)
	m.Reloaded(true, time.Unix(1_700_000_000, 500_000_000))
	m.Watch(metrics.Sources{
		Clients:             func() metrics.ClientCounts { return metrics.ClientCounts{Active: 3, Disabled: 2, Revoked: 1} },
		SecretsExpiring:     func() int { return 4 },
		TokensLive:          func() int { return 5 },
		CacheHits:           func() uint64 { return 6 },
		CacheMisses:         func() uint64 { return 7 },
		StoreDiskBytes:      func() int64 { return 8 },
		StoreLostWrites:     func() uint64 { return 11 },
		LogLinesDropped:     func() uint64 { return 9 },
		CertificateNotAfter: func() time.Time { return time.Unix(10, 0) },
	})
	return m
}

// scrape returns the samples of our own metrics as the text format has them,
// without histogram buckets and sums.
func scrape(t *testing.T, m *metrics.Metrics) map[string]string {
	t.Helper()
	samples := make(map[string]string)
	for line := range strings.Lines(get(t, m, "")) {
		series, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		for strings.Count(series, `"`)%2 == 1 {
			rest := ""
			rest, value, _ = strings.Cut(value, " ")
			series += " " + rest
		}
		if ok && strings.HasPrefix(series, "scopegate_") && !strings.Contains(series, "_bucket{") && !strings.Contains(series, "_sum") {
			samples[series] = value
		}
	}
	return samples
}

func get(t *testing.T, m *metrics.Metrics, accept string) string {
	t.Helper()
	req := httptest.NewRequest("GET", "/metrics", nil)
	req.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, req)
	body, err := io.ReadAll(rec.Result().Body)
	if err != nil || rec.Code != 200 {
		t.Fatalf("GET /metrics: status %d, error %v\n%s", rec.Code, err, body)
	}
	return string(body)
}

func TestEveryMethodCountsInItsMetric(t *testing.T) {
	got := scrape(t, used(t))
	want := map[string]string{
		`scopegate_requests_total{code="200",method="GET",reason="allowed",route="invoices"}`: "1",
		`scopegate_request_duration_seconds_count{route="invoices"}`:                          "1",
		`scopegate_limited_total{limit="quota",route="invoices"}`:                             "1",
		`scopegate_client_requests_total{client_id="c1",reason="allowed"}`:                    "1",
		`scopegate_tokens_issued_total{client_id="c1"}`:                                       "1",
		`scopegate_tokens_issued_total{client_id="other"}`:                                    "0",
		`scopegate_scope_uses_total{scope="invoices.read"}`:                                   "1",
		`scopegate_upstream_duration_seconds_count{upstream="billing"}`:                       "1",
		`scopegate_webhook_dead_letters{webhook="crm"}`:                                       "0",
		`scopegate_webhook_deliveries_total{result="dead",webhook="crm"}`:                     "0",
		`scopegate_webhook_deliveries_total{result="delivered",webhook="crm"}`:                "1",
		`scopegate_webhook_deliveries_total{result="dropped",webhook="crm"}`:                  "0",
		`scopegate_webhook_deliveries_total{result="failed",webhook="crm"}`:                   "0",
		`scopegate_webhook_lag_seconds{webhook="crm"}`:                                        "0",
		`scopegate_webhook_pending{webhook="crm"}`:                                            "0",
		`scopegate_upstream_errors_total{reason="upstream_error",upstream="billing"}`:         "1",
		`scopegate_upstream_endpoint_up{endpoint="http://127.0.0.1:9001",upstream="billing"}`: "0",
		`scopegate_tokens_revoked_total{cause="admin"}`:                                       "1",
		`scopegate_tokens_revoked_total{cause="client"}`:                                      "0",
		`scopegate_tokens_revoked_total{cause="client_revoked"}`:                              "0",
		`scopegate_tokens_revoked_total{cause="client_disabled"}`:                             "0",
		`scopegate_tokens_revoked_total{cause="client_tokens"}`:                               "0",
		`scopegate_tokens_revoked_total{cause="other"}`:                                       "0",
		`scopegate_requests_in_flight`:                                                        "1",
		`scopegate_connections_open{front="wire"}`:                                            "1",
		`scopegate_connections_open{front="http"}`:                                            "0",
		`scopegate_connections_open{front="admin"}`:                                           "0",
		`scopegate_connections_open{front="other"}`:                                           "0",
		`scopegate_request_head_errors_total`:                                                 "1",
		`scopegate_store_up`:                                                                  "1",
		`scopegate_store_full`:                                                                "1",
		`scopegate_store_write_seconds_count`:                                                 "1",
		`scopegate_store_batch_size_count`:                                                    "1",
		`scopegate_store_disk_bytes`:                                                          "8",
		`scopegate_store_lost_writes`:                                                         "11",
		`scopegate_access_log_dropped_total`:                                                  "9",
		`scopegate_tls_certificate_expiry_timestamp_seconds`:                                  "10",
		`scopegate_config_last_reload_successful`:                                             "1",
		`scopegate_config_last_reload_success_timestamp_seconds`:                              "1.7000000005e+09",
		`scopegate_clients{status="active"}`:                                                  "3",
		`scopegate_clients{status="disabled"}`:                                                "2",
		`scopegate_clients{status="revoked"}`:                                                 "1",
		`scopegate_secrets_expiring`:                                                          "4",
		`scopegate_tokens_live`:                                                               "5",
		`scopegate_token_cache_hits_total`:                                                    "6",
		`scopegate_token_cache_misses_total`:                                                  "7",
	}
	issued := `scopegate_token_requests_total{grant_type="client_credentials",result="issued"}`
	if got[issued] != "1" {
		t.Errorf("%s is %q, want 1", issued, got[issued])
	}
	maps.DeleteFunc(got, func(series, _ string) bool {
		return strings.HasPrefix(series, "scopegate_token_requests_total") || strings.HasPrefix(series, "scopegate_build_info")
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestPromlintHasNothingToSay(t *testing.T) {
	problems, err := testutil.GatherAndLint(used(t).Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestGoAndProcessMetricsAndBuildInfoAreThere(t *testing.T) {
	body := get(t, used(t), "")
	for _, want := range []string{
		"\ngo_goroutines ", "\nprocess_open_fds ", `scopegate_build_info{goversion="go`, `revision="abc",version="1.2.3"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
}

func TestHandlerSpeaksOpenMetricsWhenAsked(t *testing.T) {
	body := get(t, used(t), "application/openmetrics-text; version=1.0.0")
	if !strings.HasSuffix(body, "# EOF\n") {
		t.Errorf("OpenMetrics 1.0 answer ends with %q, want # EOF", body[max(0, len(body)-40):])
	}
	if body := get(t, used(t), "text/plain"); strings.Contains(body, "# EOF") {
		t.Error("the text format answer has # EOF")
	}
}

func TestDescribeAgreesWithWhatIsGathered(t *testing.T) {
	families, err := used(t).Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []metrics.Description
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "scopegate_") {
			continue
		}
		d := metrics.Description{Name: f.GetName(), Type: metrics.Type(strings.ToLower(f.GetType().String())), Help: f.GetHelp()}
		for _, l := range f.GetMetric()[0].GetLabel() {
			d.Labels = append(d.Labels, l.GetName())
		}
		got = append(got, d)
	}
	want := metrics.Describe()
	for i := range want {
		slices.Sort(want[i].Labels)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Describe (-want +gathered):\n%s", diff)
	}
}

func TestDurationBucketsSpanHalfAMillisecondToAMinute(t *testing.T) {
	families, err := used(t).Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasSuffix(f.GetName(), "_seconds") || f.GetMetric()[0].GetHistogram() == nil {
			continue
		}
		b := f.GetMetric()[0].GetHistogram().GetBucket()
		if len(b)+1 > 15 || b[0].GetUpperBound() != 0.0005 || b[len(b)-1].GetUpperBound() != 60 {
			t.Errorf("%s has %d buckets and +Inf, from %v to %v", f.GetName(), len(b), b[0].GetUpperBound(), b[len(b)-1].GetUpperBound())
		}
	}
}

func TestSourcesThatAreNotSetDoNotAppear(t *testing.T) {
	got := scrape(t, metrics.New(metrics.Options{}))
	for _, name := range []string{"scopegate_tokens_live", "scopegate_store_disk_bytes", `scopegate_clients{status="active"}`} {
		if v, ok := got[name]; ok {
			t.Errorf("%s is %s without a source", name, v)
		}
	}
	if got["scopegate_store_up"] != "0" {
		t.Errorf("store_up is %q before anybody said so, want 0", got["scopegate_store_up"])
	}
}

func TestFailedReloadKeepsTheTimeOfTheLastGoodOne(t *testing.T) {
	m := metrics.New(metrics.Options{})
	m.Reloaded(true, time.Unix(1000, 0))
	m.Reloaded(false, time.Unix(2000, 0))
	got := scrape(t, m)
	if got["scopegate_config_last_reload_successful"] != "0" || got["scopegate_config_last_reload_success_timestamp_seconds"] != "1000" {
		t.Errorf("after a failed reload: %v", got)
	}
}
