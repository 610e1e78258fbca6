package upstream_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"strings"
	"testing"
	"time"

	"scopegate/gateway/upstream"
)

func TestOptionsEqual(t *testing.T) {
	base := func() upstream.Options {
		return upstream.Options{
			Name: "billing", Endpoints: []upstream.Endpoint{{URL: "http://a", Network: "tcp", Address: "a:80", Authority: "a"}},
			TLS: &tls.Config{RootCAs: x509.NewCertPool()}, Health: &upstream.Health{Path: "/healthz"},
		}
	}
	same := map[string]func(o *upstream.Options){
		"as it is":              func(*upstream.Options) {},
		"a default spelled out": func(o *upstream.Options) { o.Response = 30 * time.Second; o.Protocol = upstream.HTTP1 },
		"a logger":              func(o *upstream.Options) { o.Logger = slog.New(slog.DiscardHandler) },
		"a health default":      func(o *upstream.Options) { o.Health.Interval = 10 * time.Second },
	}
	other := map[string]func(o *upstream.Options){
		"name":        func(o *upstream.Options) { o.Name = "x" },
		"endpoint":    func(o *upstream.Options) { o.Endpoints[0].Address = "b:80" },
		"endpoints":   func(o *upstream.Options) { o.Endpoints = append(o.Endpoints, o.Endpoints[0]) },
		"connect":     func(o *upstream.Options) { o.Connect = 1 },
		"response":    func(o *upstream.Options) { o.Response = 1 },
		"idle":        func(o *upstream.Options) { o.Idle = 1 },
		"keep-alive":  func(o *upstream.Options) { o.KeepAlive = 1 },
		"connections": func(o *upstream.Options) { o.MaxConnections = 1 },
		"protocol":    func(o *upstream.Options) { o.Protocol = upstream.HTTP2 },
		"no health":   func(o *upstream.Options) { o.Health = nil },
		"health":      func(o *upstream.Options) { o.Health.Path = "/x" },
		"no TLS":      func(o *upstream.Options) { o.TLS = nil },
		"server name": func(o *upstream.Options) { o.TLS.ServerName = "x" },
		"roots":       func(o *upstream.Options) { o.TLS.RootCAs = nil },
		"certificate": func(o *upstream.Options) { o.TLS.Certificates = []tls.Certificate{{Certificate: [][]byte{{1}}}} },
	}
	for want, changes := range map[bool]map[string]func(o *upstream.Options){true: same, false: other} {
		for name, change := range changes {
			a, b := base(), base()
			change(&b)
			if a.Equal(&b) != want || b.Equal(&a) != want {
				t.Errorf("%s: equal %t, want %t", name, !want, want)
			}
		}
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	e := upstream.Endpoint{URL: "http://a", Network: "tcp", Address: "a:80", Authority: "a"}
	for want, o := range map[string]upstream.Options{
		"no endpoint":      {},
		"unknown protocol": {Endpoints: []upstream.Endpoint{e}, Protocol: "h3"},
		"unknown network":  {Endpoints: []upstream.Endpoint{{Network: "udp", Address: "a:80", Authority: "a"}}},
		"no usable":        {Endpoints: []upstream.Endpoint{{Network: "tcp", Authority: "a"}}},
		"below 0":          {Endpoints: []upstream.Endpoint{e}, MaxConnections: -1},
		"not a path":       {Endpoints: []upstream.Endpoint{e}, Health: &upstream.Health{Path: "/ HTTP/1.1"}},
	} {
		if _, err := upstream.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
