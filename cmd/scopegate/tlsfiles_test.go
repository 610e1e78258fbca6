package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// pair is a certificate and its key as files hold them.
type pair struct{ cert, key []byte }

func newPair(t *testing.T, serial int64) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Unix(2_000_000_000+serial, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

// replace puts a file in the place of another, as old as it is told.
func replace(t *testing.T, path string, content []byte, modified time.Time) {
	t.Helper()
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(next, modified, modified); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

func TestACertificateIsReplacedWhileItIsServed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	one, two, three := newPair(t, 1), newPair(t, 2), newPair(t, 3)
	day := time.Unix(1_800_000_000, 0)
	replace(t, certFile, one.cert, day)
	replace(t, keyFile, one.key, day)
	c, err := newCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := c.looked
	c.now = func() time.Time { return now }
	serves := func(serial int64, when string) {
		t.Helper()
		got, err := c.get(nil)
		if err != nil || got.Leaf.SerialNumber.Int64() != serial {
			t.Errorf("%s: certificate %v, %v; want %d", when, got.Leaf.SerialNumber, err, serial)
		}
		if c.notAfter().Unix() != 2_000_000_000+serial {
			t.Errorf("%s: it is said to end at %v", when, c.notAfter())
		}
	}
	serves(1, "at the start")

	replace(t, certFile, two.cert, day.Add(-time.Hour)) // older than what it replaces
	serves(1, "before the next look")
	now = now.Add(lookEvery)
	serves(1, "with a key that is not its own")
	replace(t, keyFile, two.key, day.Add(-time.Hour))
	now = now.Add(lookEvery)
	serves(2, "whole again")

	replace(t, certFile, three.cert, day)
	replace(t, keyFile, three.key, day)
	c.renew()
	serves(3, "after a reload")

	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	c.renew()
	serves(3, "without its key")
}
