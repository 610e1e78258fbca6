package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// scrapedRoutes lets a scraper at a backend's /metrics.
const scrapedRoutes = `
version: 1
scopes: { metrics.read: Read metrics }
upstreams: { legacy: { endpoints: [{ url: "%s" }] } }
routes: [{ name: metrics, path: /legacy/metrics, methods: [GET], require: { scopes: [metrics.read] }, upstream: legacy, strip_prefix: /legacy }]
`

// scraper is Prometheus' own configuration: oauth2 is all that it needs to know.
const scraper = `
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: legacy
    metrics_path: /legacy/metrics
    oauth2:
      client_id: %s
      client_secret_file: %s
      token_url: http://%s/oauth/token
      scopes: [metrics.read]
    static_configs: [{ targets: ["%[3]s"] }]
`

// A foreign client: Prometheus fetches its tokens and scrapes a backend
// through the gateway. Its tokens live two seconds, so that it has to fetch
// one again and again.
func TestPrometheusScrapesABackendThroughTheGateway(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus is not installed here")
	}
	var scrapes atomic.Int64
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scrapes.Add(1)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE legacy_orders_total counter\nlegacy_orders_total{client=%q} 7\n", r.Header.Get("X-Principal-Client-Id"))
	}))
	defer backend.Close()
	st := newStageOf(t, fmt.Sprintf(scrapedRoutes, backend.URL), "fast", "--access-log", "off")
	who := st.register(t, map[string]any{"allowed_scopes": []string{"metrics.read"}, "access_token_ttl": "2s"})

	api := startPrometheus(t, program, who, st.addr)
	up := func() bool { return query(api, `up{job="legacy"} == 1`) && scrapes.Load() >= 3 }
	if !eventually(up) {
		t.Fatalf("the target is not up after %d scrapes:\n%s", scrapes.Load(), st.logs())
	}
	if want := fmt.Sprintf(`legacy_orders_total{client=%q} == 7`, who.id); !eventually(func() bool { return query(api, want) }) {
		t.Errorf("Prometheus has no %s", want)
	}
	s := newScene(t, st, "prometheus")
	if issued := s.sum("scopegate_tokens_issued_total", who.id); issued < 2 {
		t.Errorf("%v tokens were issued", issued)
	}
	st.change(t, http.MethodPost, "/clients/"+who.id+"/revoke", nil)
	if !eventually(func() bool { return query(api, `up{job="legacy"} == 0`) }) {
		t.Error("the target of a revoked client is up")
	}
}

// startPrometheus runs it until the test ends and returns its API's URL.
func startPrometheus(t *testing.T, program string, who *party, gateway string) (api string) {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	for name, text := range map[string]string{secret: who.secret, filepath.Join(dir, "prometheus.yml"): fmt.Sprintf(scraper, who.id, secret, gateway)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := &output{}
	cmd := exec.Command(program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		hard := time.AfterFunc(scriptPatience, func() { _ = cmd.Process.Kill() })
		defer hard.Stop()
		_ = cmd.Wait() // nothing of it is needed any more
	})
	listening := regexp.MustCompile(`(?m)msg="?Listening on"? address=(127\.0\.0\.1:[1-9][0-9]*)`)
	if !eventually(func() bool { return listening.MatchString(out.String()) }) {
		t.Fatalf("Prometheus does not listen:\n%s", out)
	}
	return "http://" + listening.FindStringSubmatch(out.String())[1] + "/api/v1/query?query="
}

// query reports whether an expression has a result.
func query(api, expression string) bool {
	resp, err := newHTTPClient().Get(api + strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22", " ", "%20", "=", "%3D").Replace(expression))
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var got struct {
		Data struct {
			Result []any `json:"result"`
		} `json:"data"`
	}
	return json.NewDecoder(resp.Body).Decode(&got) == nil && len(got.Data.Result) > 0
}
