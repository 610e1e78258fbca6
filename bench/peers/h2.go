//go:build linux

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// How requests by HTTP/2 are made.
const (
	h2Connections = 8
	h2Streams     = 8
)

// certificate writes a certificate for loopback, made for this run.
func certificate(s *proc.Stage) (cert, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return "", "", err
	}
	cert, err = s.Write("tls.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	if err != nil {
		return "", "", err
	}
	key, err = s.Write("tls.key", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})))
	return cert, key, err
}

// overH2 is one measurement of a subject by HTTP/2: what a request costs. How
// fast it could be is not known, since the callers are slower.
func (m *measurement) overH2(ctx context.Context, s *subject, window time.Duration) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	before, err := proc.CPU(s.pids)
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	n, err := load.H2(ctx, m.stage, m.o.loadCore, self, load.H2Job{
		Addr: s.addr, Path: m.path, Tokens: s.tokens, Connections: h2Connections, Streams: h2Streams, Window: window,
	})
	if err != nil {
		return sample{}, err
	}
	if n == 0 {
		return sample{}, errors.New("no answer by HTTP/2")
	}
	after, err := proc.CPU(s.pids)
	if err != nil {
		return sample{}, err
	}
	got := sample{cpu: float64((after - before).Nanoseconds()) / 1000 / float64(n), perSecond: float64(n) / time.Since(began).Seconds()}
	got.rss, err = proc.RSS(s.pids)
	return got, err
}
