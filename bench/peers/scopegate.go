//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"scopegate/bench/gate"
	"scopegate/bench/load"
)

// variant is one way to run scopegate.
type variant struct {
	name   string
	routes int
	flags  []string
	fixed  bool
	logs   bool
	tls    bool // HTTP/2 over TLS is measured
	binary string
}

const opaque = "opaque token, two scopes"

// scopegate adds scopegate: as its users run it, and what differs.
func (m *measurement) scopegate(ctx context.Context) error {
	binary, err := gate.Build(ctx, m.stage, m.o.binary)
	if err != nil {
		m.lack("scopegate", err)
		return nil
	}
	variants := []variant{
		{name: gateQuiet, routes: 10, flags: []string{"--access-log=off"}, fixed: true},
		{name: gateLog, routes: 10, flags: []string{"--access-log=json"}, fixed: true, logs: true},
		{name: gateNetHTTP, routes: 10, flags: []string{"--access-log=off", "--front=net/http"}, fixed: true},
		{name: gateH2, routes: 10, flags: []string{"--access-log=off"}, tls: true},
		{name: gate1000, routes: 1000, flags: []string{"--access-log=off"}},
		{name: gate10000, routes: 10000, flags: []string{"--access-log=off"}},
	}
	for _, file := range strings.FieldsFunc(m.o.beside, func(r rune) bool { return r == ',' }) {
		v := variants[0]
		v.name, v.binary = gateQuiet+" of "+filepath.Base(file), file
		variants = append(variants, v)
	}
	var issued [][]string // by variant
	for i, v := range variants {
		if i > 1 && !m.o.subjects.MatchString(v.name) {
			continue // the first two lend their tokens to others
		}
		tokens, err := m.variant(ctx, cmp.Or(v.binary, binary), v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		issued = append(issued, tokens)
	}
	// What another gateway issued is well formed, and unknown here.
	m.refused(gateUnknown, issued[1], http.StatusUnauthorized)
	m.refused(gateScope, m.lesser, http.StatusForbidden)
	return nil
}

// refused adds the first scopegate with tokens that it refuses.
func (m *measurement) refused(name string, tokens []string, status int) {
	s := *m.quiet
	s.name, s.requests, s.status, s.length, s.fixed, s.verify = name, get(m.path, tokens), status, -1, false, nil
	m.add(&s)
}

// variant adds one, and returns the tokens that it issued.
func (m *measurement) variant(ctx context.Context, binary string, v variant) ([]string, error) {
	set := gate.Setting{Name: v.name, Binary: binary, Core: m.o.proxyCore, Upstream: m.hand.Upstream, Routes: v.routes, Flags: v.flags}
	if v.tls {
		set.Cert, set.Key = m.cert, m.key
	}
	var log *os.File
	if v.logs {
		var err error
		if log, err = os.OpenFile(m.stage.Path("access.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			return nil, err
		}
		set.Stdout = log
	}
	g, err := gate.Run(m.stage, set)
	if err != nil {
		return nil, err
	}
	may, err := g.Register(ctx, "caller", gate.Read, gate.Write)
	if err != nil {
		return nil, err
	}
	tokens, err := g.Tokens(ctx, may, m.o.tokens)
	if err != nil {
		return nil, err
	}
	lesser, err := g.Register(ctx, "lesser caller", gate.Other)
	if err != nil {
		return nil, err
	}
	lesserTokens, err := g.Tokens(ctx, lesser, m.o.tokens)
	if err != nil {
		return nil, err
	}
	if v.tls {
		m.add(&subject{name: v.name, checks: opaque, process: g.Process, addr: g.Addr, tokens: tokens})
		return tokens, nil
	}
	path := gate.Path(v.routes, "42")
	s := &subject{
		name: v.name, checks: opaque, process: g.Process, addr: g.Addr, requests: get(path, tokens),
		status: 200, length: load.BodyLength, fixed: v.fixed, log: log,
		verify: append(guarded(path, tokens[0], "nobody"),
			principal(gate.Path(v.routes, strings.TrimPrefix(load.HeadersSuffix, "/")), tokens[0], may.ID),
			probe{what: "refuses a token without the scopes", path: path, token: lesserTokens[0], status: http.StatusForbidden}),
	}
	m.add(s)
	if v.name == gateQuiet {
		chunked := *s
		chunked.name, chunked.requests, chunked.fixed, chunked.verify = gateChunked, upload(path, tokens), false, nil
		m.add(&chunked)
		m.quiet, m.lesser = s, lesserTokens
	}
	return tokens, nil
}

// principal looks at what the upstream is told of the caller, whatever the
// caller says of itself.
func principal(path, token, id string) probe {
	return probe{
		what: "tells the upstream who calls", path: path, token: token, status: http.StatusOK,
		header: http.Header{"X_Principal_Client_Id": {"forged"}, "X-Principal-Owner-Id": {"forged"}},
		holds: []string{
			"X-Principal-Client-Id: " + id,
			"X-Principal-Grant-Type: client_credentials",
			"X-Principal-Scopes: " + gate.Read + " " + gate.Write,
		},
		lacks: []string{"forged", "authorization:", token},
	}
}
