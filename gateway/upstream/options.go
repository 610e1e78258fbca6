package upstream

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"scopegate/authz"
)

// Protocols that an upstream may speak.
const (
	HTTP1 = "http1"
	HTTP2 = "h2"
)

// Options say what an Upstream is. Zero durations mean the defaults.
type Options struct {
	Name      string
	Endpoints []Endpoint // at least one

	Connect   time.Duration // TCP and TLS together; default 2s
	Response  time.Duration // from the request sent to the answer's head; default 30s
	Idle      time.Duration // silence within a body; default 60s
	KeepAlive time.Duration // of an unused connection; default 4s, below Node's 5s

	MaxConnections int    // open at one endpoint; 0: no bound
	Protocol       string // HTTP1 (also if empty) or HTTP2
	// TLS is for endpoints with TLS; if nil, the system's roots and TLS 1.2 up.
	// An empty ServerName means the endpoint's own.
	TLS    *tls.Config
	Health *Health // if nil, endpoints are judged by connecting alone

	Logger *slog.Logger // if nil, nothing is logged
	Hooks  Hooks
}

// Endpoint is one address of an upstream.
type Endpoint struct {
	URL       string // as configured: the name in logs, metrics and Outcomes
	Network   string // "tcp" or "unix"
	Address   string // host:port, or the socket's path
	TLS       bool
	Authority string // Host where the request has none of its own
}

// Health asks each endpoint for Path every Interval; a status of 200 to 399
// within Timeout is healthy.
type Health struct {
	Path     string        // default "/"
	Interval time.Duration // default 10s
	Timeout  time.Duration // default 2s
}

// Hooks are told what happens; nil ones are not.
type Hooks struct {
	OnDone     func(d time.Duration)          // every exchange, from start to end
	OnError    func(reason authz.Reason)      // every exchange without a whole answer
	OnEndpoint func(endpoint string, up bool) // an endpoint went or came back
}

// Equal reports whether the two would behave alike, so that a reload may keep
// the running Upstream with its connections. Logger and Hooks do not count.
func (o *Options) Equal(other *Options) bool {
	a, b := o.withDefaults(), other.withDefaults()
	return a.Name == b.Name && slices.Equal(a.Endpoints, b.Endpoints) &&
		a.Connect == b.Connect && a.Response == b.Response && a.Idle == b.Idle && a.KeepAlive == b.KeepAlive &&
		a.MaxConnections == b.MaxConnections && a.Protocol == b.Protocol &&
		equalHealth(a.Health, b.Health) && equalTLS(a.TLS, b.TLS)
}

func (o *Options) withDefaults() Options {
	d := *o
	d.Connect = orDefault(d.Connect, 2*time.Second)
	d.Response = orDefault(d.Response, 30*time.Second)
	d.Idle = orDefault(d.Idle, 60*time.Second)
	d.KeepAlive = orDefault(d.KeepAlive, 4*time.Second)
	if d.Protocol == "" {
		d.Protocol = HTTP1
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Health != nil {
		h := *o.Health
		if h.Path == "" {
			h.Path = "/"
		}
		h.Interval = orDefault(h.Interval, 10*time.Second)
		h.Timeout = orDefault(h.Timeout, 2*time.Second)
		d.Health = &h
	}
	return d
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

func (o *Options) check() error {
	if len(o.Endpoints) == 0 {
		return errors.New("no endpoint")
	}
	if o.Protocol != HTTP1 && o.Protocol != HTTP2 {
		return fmt.Errorf("unknown protocol %q: %s or %s", o.Protocol, HTTP1, HTTP2)
	}
	if o.MaxConnections < 0 {
		return fmt.Errorf("max connections %d: below 0", o.MaxConnections)
	}
	for _, e := range o.Endpoints {
		if e.Network != "tcp" && e.Network != "unix" {
			return fmt.Errorf("endpoint %s: unknown network %q", e.URL, e.Network)
		}
		if e.Address == "" || !cleanTarget(e.Authority) {
			return fmt.Errorf("endpoint %s: no usable address or authority", e.URL)
		}
	}
	if h := o.Health; h != nil && (!strings.HasPrefix(h.Path, "/") || !cleanTarget(h.Path)) {
		return fmt.Errorf("health path %q: not a path", h.Path)
	}
	return nil
}

func equalHealth(a, b *Health) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// equalTLS compares what the configuration of an upstream can say.
func equalTLS(a, b *tls.Config) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ServerName == b.ServerName && a.MinVersion == b.MinVersion &&
		a.InsecureSkipVerify == b.InsecureSkipVerify && equalRoots(a.RootCAs, b.RootCAs) &&
		slices.EqualFunc(a.Certificates, b.Certificates, func(x, y tls.Certificate) bool {
			return slices.EqualFunc(x.Certificate, y.Certificate, bytes.Equal)
		})
}

func equalRoots(a, b *x509.CertPool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(b)
}
