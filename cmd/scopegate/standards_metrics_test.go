package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape gets the metrics of the admin listener.
func (s *scene) scrape(accept string) *answer {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.adminURL+"/metrics", nil)
	if err != nil {
		s.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := newHTTPClient().Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.Fatal(resp.Status, err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
}

// sum adds up the samples of a metric whose labels hold a text.
func (s *scene) sum(metric, labels string) (sum float64) {
	s.Helper()
	for line := range strings.Lines(s.scrape("").body) {
		if !strings.HasPrefix(line, metric+"{") && !strings.HasPrefix(line, metric+" ") || !strings.Contains(line, labels) {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
		if err != nil {
			s.Fatal(err)
		}
		sum += value
	}
	return sum
}

// alone is a scene on a server of its own, where nobody else counts.
func (s *scene) alone() *scene {
	s.Helper()
	return newScene(s.T, newStage(s.T, "fast"), "alone")
}

func metricsCases() []standard {
	return []standard{
		{"M-1", "M", "exposition", "`GET /metrics` of the admin listener", "`text/plain; version=0.0.4`, and `promtool check metrics` is content", tested(func(s *scene) {
			a := s.scrape("")
			if !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain; version=0.0.4") {
				s.Error(a.header)
			}
			promtool, err := exec.LookPath("promtool")
			if err != nil {
				s.Skip("promtool is not here")
			}
			cmd := exec.CommandContext(s.Context(), promtool, "check", "metrics")
			cmd.Stdin = strings.NewReader(a.body)
			if out, err := cmd.CombinedOutput(); err != nil {
				s.Errorf("%v\n%s", err, out)
			}
		})},
		{"M-2", "S", "OpenMetrics 1.0", "`Accept: application/openmetrics-text`", "ends with `# EOF`", tested(func(s *scene) {
			if a := s.scrape("application/openmetrics-text; version=1.0.0"); !strings.HasPrefix(a.header.Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(a.body, "# EOF\n") {
				s.Error(a.header)
			}
		})},
		{"M-3", "M", "naming", "all metrics of ours", "one prefix, base units, `_total` of counters, HELP and TYPE", tested(metricNames)},
		{"M-4", "M", "labels", "requests with tokens, paths, queries, user agents", "none of them in a label", tested(func(s *scene) {
			s.get("/a/in-the-path?{tag}", s.read, "User-Agent: in-the-agent")
			s.get("/a/x?in-the-query", "x")
			s.get("/none/in-the-path", "")
			page := s.scrape("").body
			for _, text := range []string{"spoat_", "in-the-path", "in-the-query", "in-the-agent", s.tag} {
				if strings.Contains(page, text) {
					s.Errorf("%s is in a label", text)
				}
			}
		})},
		{"M-5", "M", "cardinality", "2,000 requests with random paths, methods, hosts, tokens and ids", "no series more; the page stays below 1 MiB", tested(seriesStay)},
		{"M-6", "P", "cardinality", "the `client_id` label", "registered clients, up to a cap", seen("metrics.TestRandomMethodsCodesReasonsAndIDsDoNotGrowTheSeries")},
		{"M-7", "S", "RED and USE", "the set; and 1,000 tokens with a bad checksum", "requests, durations, in flight, upstreams, tokens, store, build; no read of the store", tested(metricsOfGarbage)},
		{"M-8", "M", "histograms", "the buckets", "0.5 ms to 60 s, 15 at most", seen("metrics.TestDurationBucketsSpanHalfAMillisecondToAMinute")},
		{"M-9", "P", "exposure", "`/metrics`, `/debug/pprof`, `/healthz`, `/admin/v1/status` on the public listener", "404", tested(func(s *scene) {
			for _, path := range []string{"/metrics", "/debug/pprof/", "/healthz", "/readyz", "/admin/v1/status"} {
				if a := s.get(path, s.whole); a.status != 404 && !(strings.HasPrefix(path, "/admin/") && a.status == 403) { // /admin/* is a route here
					s.Errorf("%s: %s", path, a.text())
				}
			}
		})},
		{"M-10", "P", "correctness", "answers of each kind, and callers that leave", "the sum of `requests_total` is their number", tested(everyRequestCounts)},
		{"M-11", "P", "scrapes under load", "the time of a scrape", "below 50 ms", otherwise("no test asserts a time; M-5 bounds the page")},
		{"M-12", "P", "Prometheus", "Prometheus fetches a token and scrapes a backend through the gateway", "`up` is 1", seen("cmd/scopegate.TestPrometheusScrapesABackendThroughTheGateway")},
	}
}

func metricNames(s *scene) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.scrape("").body))
	if err != nil {
		s.Fatal(err)
	}
	ours := 0
	for name, f := range families {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		ours++
		if !strings.HasPrefix(name, "scopegate_") || f.GetHelp() == "" || f.GetType().String() == "UNTYPED" {
			s.Errorf("%s has no prefix, help or type", name)
		}
		if (f.GetType().String() == "COUNTER") != strings.HasSuffix(name, "_total") {
			s.Errorf("%s is a %s", name, f.GetType())
		}
		if regexp.MustCompile(`_(ms|millis|milliseconds|kb|mb|minutes|percent)\b`).MatchString(name) {
			s.Errorf("%s has no base unit", name)
		}
	}
	if ours < 20 {
		s.Errorf("%d metrics", ours)
	}
}

func seriesStay(s *scene) {
	s = s.alone()
	flood := func(n, from int) {
		var raw strings.Builder
		for i := from; i < from+n; i++ {
			fmt.Fprintf(&raw, "%s /%d?%d HTTP/1.1\r\nHost: h%d.example\r\nAuthorization: Bearer spoat_%d\r\nUser-Agent: a%d\r\n\r\n",
				[]string{"GET", "POST", fmt.Sprintf("FOO%d", i), "DELETE"}[i%4], i, i, i, i, i)
			fmt.Fprintf(&raw, "GET /a/%d HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer spoat_%d\r\n\r\n", i, i)
		}
		if told := s.talk(raw.String()); len(statuses(told)) != 2*n {
			s.Errorf("%d answers for %d requests", len(statuses(told)), 2*n)
		}
	}
	for _, id := range []string{"a", "b"} {
		s.post("/oauth/token", &party{id, "x"}, "grant_type", "client_credentials")
	}
	flood(8, 0)
	before := strings.Count(s.scrape("").body, "\n")
	flood(1000, 8)
	for i := range 20 {
		s.post("/oauth/token", &party{fmt.Sprint(i), "x"}, "grant_type", fmt.Sprint("grant", i))
	}
	page := s.scrape("").body
	if after := strings.Count(page, "\n"); after > before || len(page) > 1<<20 {
		s.Errorf("%d lines before, %d after, %d bytes", before, after, len(page))
	}
}

func metricsOfGarbage(s *scene) {
	s = s.alone()
	page := s.scrape("").body
	for _, name := range []string{
		"requests_in_flight", "clients", "tokens_live", "token_cache_misses_total", "store_disk_bytes", "store_write_seconds_bucket", "store_up", "build_info",
		"config_last_reload_successful", "tokens_issued_total", "token_requests_total",
	} {
		if !strings.Contains(page, "\nscopegate_"+name) {
			s.Errorf("there is no %s", name)
		}
	}
	misses := s.sum("scopegate_token_cache_misses_total", "")
	var raw strings.Builder
	for i := range 1000 {
		text := s.read[:len(s.read)-3] + fmt.Sprintf("%03d", i)
		if text == s.read {
			continue
		}
		raw.WriteString(request("GET", "/a/x", text, ""))
	}
	for _, code := range statuses(s.talk(raw.String())) {
		if code != "401" {
			s.Errorf("status %s", code)
		}
	}
	s.silent()
	if after := s.sum("scopegate_token_cache_misses_total", ""); after != misses {
		s.Errorf("%v reads of the store", after-misses)
	}
	s.want(s.get("/a/x", s.read), 200, "")
	for _, name := range []string{"requests_total", "request_duration_seconds_bucket", "upstream_duration_seconds_bucket", "client_requests_total", "scope_uses_total"} {
		if !strings.Contains(s.scrape("").body, "\nscopegate_"+name) {
			s.Errorf("there is no %s", name)
		}
	}
}

func everyRequestCounts(s *scene) {
	s = s.alone()
	want := 0.0
	for _, path := range []string{"/a/x", "/none", "/a/../x", "/both", "/gone", "/public/x"} {
		for range 20 {
			s.get(path, s.read)
			want++
		}
	}
	for range 20 {
		c := s.dial(getA("X-Then: hold"))
		want++
		s.poll(func() bool {
			seen := s.upstream.of(s.tag)
			return len(seen) > 0 && len(seen) == int(want)-120
		})
		c.Close()
	}
	s.poll(func() bool {
		return s.sum("scopegate_requests_total", "") >= want && s.sum("scopegate_requests_in_flight", "") == 0
	})
	if got := s.sum("scopegate_requests_total", ""); got != want {
		s.Errorf("%v requests are counted, %v were made", got, want)
	}
	if left := s.sum("scopegate_requests_total", `code="499"`); left != 20 {
		s.Errorf("%v callers left, want 20", left)
	}
}
