package config

import "regexp"

// TLS is for endpoints with https. Empty files are the system's roots and no
// client certificate.
type TLS struct {
	CAFile     string
	CertFile   string // with KeyFile, or both empty
	KeyFile    string
	ServerName string // empty: the endpoint's host
}

var fileKind = word(scalar[string]{want: "the path of a file", pattern: regexp.MustCompile(`.`)})

var tlsObject = object[TLS]{
	title: "tls",
	doc:   "How https endpoints are trusted. Certificates are always verified.",
	fields: []field[TLS]{
		key("ca_file", fileKind, func(t *TLS) *string { return &t.CAFile },
			"PEM file of the authorities that may have signed the endpoint's certificate.").or("the system's"),
		key("cert_file", fileKind, func(t *TLS) *string { return &t.CertFile },
			"PEM file of the client certificate to show; with `key_file`.").or("none"),
		key("key_file", fileKind, func(t *TLS) *string { return &t.KeyFile },
			"PEM file of its key.").or("none"),
		key("server_name", hostKind, func(t *TLS) *string { return &t.ServerName },
			"The name that the certificate must be for.").or("the host of the URL"),
	},
	check: func(r *reader, _ *TLS, path string) {
		cert, key := join(path, "cert_file"), join(path, "key_file")
		if r.given(cert) && !r.given(key) {
			r.problemAt(cert, "cert_file goes with key_file")
		}
		if r.given(key) && !r.given(cert) {
			r.problemAt(key, "key_file goes with cert_file")
		}
	},
	rules: []rule{together("cert_file", "key_file")},
}
