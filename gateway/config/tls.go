package config

import (
	"regexp"

	"scopegate/strict"
)

// TLS is for endpoints with https. Empty files are the system's roots and no
// client certificate.
type TLS struct {
	CAFile     string
	CertFile   string // with KeyFile, or both empty
	KeyFile    string
	ServerName string // empty: the endpoint's host
}

var fileKind = strict.Word(strict.Scalar[string]{Want: "the path of a file", Pattern: regexp.MustCompile(`.`)})

var tlsObject = strict.Object[TLS]{
	Title: "tls",
	Doc:   "How https endpoints are trusted. Certificates are always verified.",
	Fields: []strict.Field[TLS]{
		strict.Key("ca_file", fileKind, func(t *TLS) *string { return &t.CAFile },
			"PEM file of the authorities that may have signed the endpoint's certificate.").Or("the system's"),
		strict.Key("cert_file", fileKind, func(t *TLS) *string { return &t.CertFile },
			"PEM file of the client certificate to show; with `key_file`.").Or("none"),
		strict.Key("key_file", fileKind, func(t *TLS) *string { return &t.KeyFile },
			"PEM file of its key.").Or("none"),
		strict.Key("server_name", hostKind, func(t *TLS) *string { return &t.ServerName },
			"The name that the certificate must be for.").Or("the host of the URL"),
	},
	Check: func(r *strict.Reader, _ *TLS, path string) {
		cert, key := strict.Join(path, "cert_file"), strict.Join(path, "key_file")
		if r.Given(cert) && !r.Given(key) {
			r.ProblemAt(cert, "cert_file goes with key_file")
		}
		if r.Given(key) && !r.Given(cert) {
			r.ProblemAt(key, "key_file goes with cert_file")
		}
	},
	Rules: []strict.Rule{strict.Together("cert_file", "key_file")},
}
