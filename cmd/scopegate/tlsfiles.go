package main

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a certificate of files that are read again when they change,
// as certificate managers replace them: at a handshake, lookEvery at most, and
// at a reload.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	cert   *tls.Certificate
	seen   stamp // of the files when they were last read, for good or ill
	looked time.Time
}

// lookEvery is how often handshakes look at the files.
const lookEvery = 10 * time.Second

// stamp tells one content of the two files from another. A file that takes the
// place of another may be older than it.
type stamp [2]struct {
	size     int64
	modified time.Time
}

func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	return c, c.load()
}

func (c *certificate) load() error {
	c.seen, c.looked = c.stamp(), c.now()
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.cert = &cert
	return nil
}

func (c *certificate) stamp() (s stamp) {
	for i, path := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(path); err == nil {
			s[i].size, s[i].modified = info.Size(), info.ModTime()
		}
	}
	return s
}

// look reads the files if they changed. Those that do not load, as between the
// writing of one and of the other, leave the old certificate in use.
func (c *certificate) look() {
	c.looked = c.now()
	if c.stamp() == c.seen {
		return
	}
	if err := c.load(); err != nil {
		c.log.Error("TLS certificate not loaded, the old one stays in use", "error", err)
		return
	}
	c.log.Info("TLS certificate loaded", "expires_at", c.cert.Leaf.NotAfter.UTC())
}

// renew is a reload's look.
func (c *certificate) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
}

// get is a tls.Config's GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.looked) >= lookEvery {
		c.look()
	}
	return c.cert, nil
}

// notAfter is when the certificate in use ends.
func (c *certificate) notAfter() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cert.Leaf.NotAfter
}
