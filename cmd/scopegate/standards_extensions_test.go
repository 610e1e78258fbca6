package main_test

// What is not built. The cases stand in the page, so that nobody has to guess.

const noAssertion = "clients have secrets of 256 random bits; `client_assertion` is not read"

func assertionCases() []standard {
	return []standard{
		{"J-1", "X", "RFC 7523 3", "a good assertion", "200", notBuilt(noAssertion)},
		{"J-2", "X", "RFC 7523 3", "`iss` is not `sub`, or not the client", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-3", "X", "RFC 7523bis 4", "an `aud` that is not the issuer alone", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-4", "X", "RFC 7523 3", "`exp` missing, past, far ahead", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-5", "X", "RFC 7523 3", "`nbf` or `iat` ahead", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-6", "X", "RFC 7523 3", "the same assertion twice", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-7", "X", "OIDC Core 9", "`jti` missing", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-8", "X", "RFC 8725", "`alg` none, HMAC with the public key, unknown", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-9", "X", "RFC 8725 3.1", "another `alg` than the registered", "401 `invalid_client`", notBuilt(noAssertion)},
		{"J-10", "X", "RFC 7523 3", "a bad signature; keys named in the header", "401, nothing is fetched", notBuilt(noAssertion)},
		{"J-11", "X", "RFC 6749 2.3", "an assertion and Basic", "400 `invalid_request`", notBuilt(noAssertion)},
		{"J-12", "X", "RFC 7521 4.2", "a `client_id` that is not `sub`", "400 or 401", notBuilt(noAssertion)},
		{"J-13", "X", "RFC 7521 4.2", "an unknown `client_assertion_type`, none, two", "401 `invalid_client` or 400 `invalid_request`; one in the query 400", tested(func(s *scene) {
			s.asked(call{auth: noAuth, body: grantForm + "&client_assertion_type=x&client_assertion=a.b.c"}, 401, "invalid_client")
			s.asked(call{auth: noAuth, body: grantForm + "&client_assertion=a.b.c"}, 401, "invalid_client")
			s.asked(call{auth: noAuth, body: grantForm + "&client_assertion=a&client_assertion=b"}, 400, "invalid_request")
			s.asked(call{path: "/oauth/token?client_assertion=a.b.c", body: grantForm}, 400, "invalid_request")
		})},
		{"J-14", "X", "RFC 7523bis 3", "`typ: client-authentication+jwt`", "200", notBuilt(noAssertion)},
		{"J-15", "X", "RFC 8725 3.11", "huge and deep JWTs and keys", "400 or 401 at once", notBuilt(noAssertion)},
		{"J-16", "X", "RFC 7517", "a rotated key", "one fetch, bounded", notBuilt(noAssertion)},
	}
}

const noMutualTLS = "the public listener asks for no client certificate"

func mutualTLSCases() []standard {
	return []standard{
		{"X-1", "X", "RFC 8705 2.1", "a certificate with the registered subject", "200", notBuilt(noMutualTLS)},
		{"X-2", "X", "RFC 8705 2.2", "a self-signed certificate of the client's keys", "200", notBuilt(noMutualTLS)},
		{"X-3", "X", "RFC 8705 2", "no certificate, an expired one, of another authority", "an alert or 401", notBuilt(noMutualTLS)},
		{"X-4", "X", "RFC 8705 2", "a certificate and no `client_id`", "400 `invalid_request`", notBuilt(noMutualTLS)},
		{"X-5", "X", "RFC 8705 3.1", "a bound token in introspection", "`cnf.x5t#S256`", notBuilt(noMutualTLS)},
		{"X-6", "X", "RFC 8705 3", "a bound token with another certificate", "401 `invalid_token`", notBuilt(noMutualTLS)},
		{"X-7", "X", "RFC 8705 3.3", "the metadata", "`tls_client_certificate_bound_access_tokens`", notBuilt(noMutualTLS)},
		{"X-8", "X", "RFC 8705 5", "the metadata of another listener", "`mtls_endpoint_aliases`", notBuilt(noMutualTLS)},
		{"X-9", "X", "RFC 9440", "`Client-Cert` of a caller", "it authenticates nobody, and the upstream does not see it", tested(func(s *scene) {
			s.bare(s.get("/a/x?{tag}", "", "Client-Cert: :AAAA:"))
			s.asked(call{auth: noAuth, body: grantForm + "&client_id={id}", fields: []string{"Client-Cert: :AAAA:"}}, 401, "invalid_client")
			if saw := s.passes(getA("Client-Cert: :AAAA:", "Client-Cert-Chain: :AAAA:", "Client_Cert: :AAAA:")); len(saw.values("Client-Cert")) > 0 || len(saw.values("Client_Cert")) > 0 {
				s.Errorf("the upstream saw %q", saw.head)
			}
		})},
	}
}

const noProof = "tokens are bearer tokens"

func proofCases() []standard {
	return []standard{
		{"O-1", "X", "RFC 9449 5", "the base request with a proof", "`token_type: DPoP`", tested(func(s *scene) {
			if a := s.granted(call{body: grantForm, fields: []string{"DPoP: a.b.c"}}, allOfTheClient); a.member("token_type") != "Bearer" {
				s.Error(a.text())
			}
		}).but("a proof is ignored and the token says that it is a bearer token, as RFC 9449 5 lets a server do")},
		{"O-2", "X", "RFC 9449 4.3", "two proofs", "400 `invalid_dpop_proof`", notBuilt(noProof)},
		{"O-3", "X", "RFC 9449 4.3", "proofs of a wrong form", "400 `invalid_dpop_proof`", notBuilt(noProof)},
		{"O-4", "X", "RFC 9449 4.3", "a proof for another method or URL", "400 `invalid_dpop_proof`", notBuilt(noProof)},
		{"O-5", "X", "RFC 9449 11.1", "an old proof; the same one twice", "400 `invalid_dpop_proof`", notBuilt(noProof)},
		{"O-6", "X", "RFC 9449 7.1", "`Authorization: DPoP` with a good proof", "200", notBuilt(noProof)},
		{"O-7", "X", "RFC 9449 7.1", "`Authorization: DPoP` with a bad proof", "401", tested(func(s *scene) { s.bare(s.authorized("DPoP " + s.read)) })},
		{"O-8", "X", "RFC 9449 7.2", "a bound token as `Bearer`", "401", notBuilt(noProof)},
		{"O-9", "X", "RFC 9449 8", "a nonce", "`use_dpop_nonce`", notBuilt(noProof)},
		{"O-10", "X", "RFC 9449 5.1", "the metadata", "`dpop_signing_alg_values_supported`", tested(func(s *scene) {
			if d := s.document(serverMetadataPath); d["dpop_signing_alg_values_supported"] != nil {
				s.Error(d)
			}
		}).but("absent, since no proof is taken")},
		{"O-11", "X", "RFC 9449 4.1", "the `DPoP` field of a request", "passes as it came: it is the backend's", tested(func(s *scene) {
			if got := s.passes(getA("DPoP: a.b.c")).values("DPoP"); len(got) != 1 {
				s.Errorf("the upstream saw %q", got)
			}
		}).but("scopegate takes no proofs, so that the field is not its own")},
	}
}
