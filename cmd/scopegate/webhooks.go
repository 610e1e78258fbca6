package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"scopegate/authz"
	"scopegate/authz/webhook"
	"scopegate/gateway/config"
)

// hooksOf makes the webhooks of a file as they run.
func hooksOf(cfg *config.Config, readFile func(string) ([]byte, error)) (hooks []*webhook.Hook, problems config.Problems) {
	for i := range cfg.Webhooks {
		h := &cfg.Webhooks[i]
		roots, err := authorities(h.CAFile, readFile)
		if err != nil {
			problems = append(problems, cfg.Problem(config.WebhookPath(h.Name, "ca_file"), err.Error()))
			continue
		}
		events := map[authz.EventKind]bool{}
		for _, kind := range h.Events {
			events[kind] = true
		}
		hooks = append(hooks, &webhook.Hook{
			Name: h.Name, URL: h.URL.Reveal(), Origin: h.URL.Origin.String(), Events: events, Keys: h.Keys(),
			Timeout: h.Timeout, Attempts: h.Attempts, TLS: roots,
		})
	}
	return hooks, problems
}

// authorities reads the file of those that may have signed a receiver's
// certificate; nil where none is named.
func authorities(file string, readFile func(string) ([]byte, error)) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := readFile(file)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("the file holds no certificate")
	}
	return c, nil
}
