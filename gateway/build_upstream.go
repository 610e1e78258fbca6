package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/upstream"
	"scopegate/metrics"
)

// addUpstream keeps the running upstream if it would behave as the one
// configured, and starts a new one else.
func (b *builder) addUpstream(u *config.Upstream, previous *Snapshot) {
	if u.Assertion != nil && b.g.Assertions == nil {
		b.problem(config.UpstreamPath(u.Name, "principal_assertion"), errNoKeeper)
	}
	options, ok := b.upstreamOptions(u)
	if !ok {
		return
	}
	if previous != nil {
		if running := previous.upstreams[u.Name]; running != nil {
			before := running.Options()
			if before.Equal(&options) {
				b.next.upstreams[u.Name] = running
				return
			}
		}
	}
	started, err := upstream.New(options)
	if err != nil {
		b.problem("upstreams."+u.Name, err)
		return
	}
	b.next.upstreams[u.Name] = &runningUpstream{started, u.Name}
}

func (b *builder) upstreamOptions(u *config.Upstream) (o upstream.Options, ok bool) {
	o = upstream.Options{
		Name: u.Name, Connect: u.Timeout.Connect, Response: u.Timeout.Response,
		Idle: u.Timeout.Idle, KeepAlive: u.Timeout.KeepAlive,
		MaxConnections: u.MaxConnections, Protocol: u.Protocol, Logger: b.g.Log,
		Hooks: hooksOf(b.g.Metrics.Upstream(u.Name)),
	}
	if u.Health != nil {
		o.Health = &upstream.Health{Path: u.Health.Path, Interval: u.Health.Interval, Timeout: u.Health.Timeout}
	}
	for i, e := range u.Endpoints {
		endpoint := upstream.Endpoint{
			URL: e.URL.String(), Network: "tcp", Address: e.Address().Reveal(),
			TLS: e.Scheme == "https", Authority: e.Authority().Reveal(),
		}
		if e.Scheme == "unix" {
			endpoint.Network = "unix"
		}
		if e.URL.Hidden() {
			endpoint.URL = fmt.Sprintf("endpoints[%d]", i) // a name that tells nothing
		}
		o.Endpoints = append(o.Endpoints, endpoint)
	}
	o.TLS, ok = b.clientTLS(u)
	return o, ok
}

func hooksOf(m *metrics.Upstream) upstream.Hooks {
	return upstream.Hooks{
		OnDone:     func(d time.Duration) { m.Done(d) },
		OnError:    func(reason authz.Reason) { m.Error(reason.String()) },
		OnEndpoint: func(endpoint string, up bool) { m.Endpoint(endpoint).Up(up) },
	}
}

// clientTLS reads the files that an upstream's tls names; nil where it says
// nothing.
func (b *builder) clientTLS(u *config.Upstream) (*tls.Config, bool) {
	t := u.TLS
	if t == (config.TLS{}) {
		return nil, true
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	good := true
	if t.CAFile != "" {
		pem, err := b.g.readFile(t.CAFile)
		c.RootCAs = x509.NewCertPool()
		if err == nil && !c.RootCAs.AppendCertsFromPEM(pem) {
			err = errors.New("the file holds no certificate")
		}
		if err != nil {
			b.problem(config.UpstreamPath(u.Name, "tls")+".ca_file", err)
			good = false
		}
	}
	if t.CertFile != "" {
		certificate, err := b.keyPair(t.CertFile, t.KeyFile)
		if err != nil {
			b.problem(config.UpstreamPath(u.Name, "tls")+".cert_file", err)
			good = false
		}
		c.Certificates = []tls.Certificate{certificate}
	}
	return c, good
}

func (b *builder) keyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := b.g.readFile(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := b.g.readFile(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
