package main

import (
	"crypto/tls"
	"os"
	"sync"
	"time"
)

// certificate is a certificate of files that are read again when they change,
// as certificate managers replace them.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	cert    *tls.Certificate
	changed time.Time
	looked  time.Time
}

// lookEvery is how often the files are looked at.
const lookEvery = 10 * time.Second

func newCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	return c, c.load()
}

func (c *certificate) load() error {
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.cert, c.changed, c.looked = &cert, c.modified(), time.Now()
	return nil
}

func (c *certificate) modified() time.Time {
	var latest time.Time
	for _, path := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	return latest
}

// get is a tls.Config's GetCertificate. Files that do not load leave the old
// certificate in use: the next look tries again.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) > lookEvery {
		c.looked = now
		if c.modified().After(c.changed) {
			_ = c.load()
		}
	}
	return c.cert, nil
}
