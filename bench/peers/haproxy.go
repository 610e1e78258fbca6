//go:build linux

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os/exec"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
)

const haproxyConf = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind %s
%s  default_backend fixed
backend fixed
  server fixed %s
`

// haproxyGuard checks signature and scope.
const haproxyGuard = `  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.scope) var(txn.token),jwt_payload_query('$.scope')
  http-request return status 401 unless { var(txn.alg) -m str HS256 }
  http-request return status 401 unless { var(txn.token),jwt_verify(txn.alg,"%s") -m int 1 }
  http-request return status 403 unless { var(txn.scope) -m sub bench.read }
`

const jwtKey = "a key of thirty-two bytes or more for HS256"

// haproxy adds HAProxy as a plain HTTP proxy and with jwt_verify.
func (m *measurement) haproxy() error {
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		m.lack(haproxyPlain+", "+haproxyJWT, err)
		return nil
	}
	m.version(binary, "-v")
	start := func(name, guard string) (*proc.Process, string, error) {
		addr, err := m.stage.Address()
		if err != nil {
			return nil, "", err
		}
		conf, err := m.stage.Write(name+".cfg", fmt.Sprintf(haproxyConf, addr, guard, m.hand.Upstream))
		if err != nil {
			return nil, "", err
		}
		p, err := m.stage.Start(proc.Spec{Name: name, Core: m.o.proxyCore, Args: []string{binary, "-db", "-f", conf}})
		if err != nil {
			return nil, "", err
		}
		return p, addr, m.stage.Await(p, addr)
	}
	p, addr, err := start(haproxyPlain, "")
	if err != nil {
		return err
	}
	m.add(&subject{
		name: haproxyPlain, checks: "nothing", process: p, addr: addr, requests: get(m.path, m.known),
		status: 200, length: load.BodyLength, fixed: true, verify: plain(m.path, m.known[0]),
	})
	p, addr, err = start(haproxyJWT, fmt.Sprintf(haproxyGuard, jwtKey))
	if err != nil {
		return err
	}
	tokens := jwts(m.o.tokens, jwtKey)
	m.add(&subject{
		name: haproxyJWT, checks: "JWT, its scope", process: p, addr: addr, requests: get(m.path, tokens),
		status: 200, length: load.BodyLength, fixed: true, verify: guarded(m.path, tokens[0], jwts(1, "another key")[0]),
	})
	return nil
}

// jwts makes n signed tokens (RFC 7515, RFC 7518 section 3.2).
func jwts(n int, key string) []string {
	var all []string
	text := base64.RawURLEncoding
	for i := range n {
		claims := fmt.Sprintf(`{"iss":"https://bench.test","sub":"client-%d","exp":%d,"scope":"bench.read bench.write"}`, i, time.Now().Add(12*time.Hour).Unix())
		signed := text.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + text.EncodeToString([]byte(claims))
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(signed))
		all = append(all, signed+"."+text.EncodeToString(mac.Sum(nil)))
	}
	return all
}
