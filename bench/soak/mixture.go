//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"scopegate/bench/gate"
	"scopegate/bench/load"
)

// How many connections each kind of request has.
const (
	many = 48
	few  = 8
)

// gather makes the crowds, and the tokens that they call with.
func (s *soak) gather(ctx context.Context) error {
	may, err := s.gate.Register(ctx, "caller", gate.Read, gate.Write)
	if err != nil {
		return err
	}
	lesser, err := s.gate.Register(ctx, "lesser caller", gate.Other)
	if err != nil {
		return err
	}
	tokens, err := s.gate.Tokens(ctx, may, 1000)
	if err != nil {
		return err
	}
	lacking, err := s.gate.Tokens(ctx, lesser, 100)
	if err != nil {
		return err
	}
	issued, err := s.gate.RegisterFor(ctx, "issuer", s.o.ttl, gate.Read)
	if err != nil {
		return err
	}
	path := gate.Path(100, "42")
	s.crowds = []crowd{
		{what: "forwarded", counted: "200 allowed", crowd: load.Crowd{Connections: many, Requests: plain(path, tokens), WantStatus: http.StatusOK, WantLength: load.BodyLength}},
		{what: "uploaded in chunks", counted: "200 allowed", crowd: load.Crowd{Connections: few, Requests: chunked(path, tokens), WantStatus: http.StatusOK, WantLength: load.BodyLength}},
		{what: "refused for its scopes", counted: "403 insufficient_scope", crowd: load.Crowd{Connections: few, Requests: plain(path, lacking), WantStatus: http.StatusForbidden, WantLength: -1}},
		{what: "refused for its token", counted: "401 malformed_token", crowd: load.Crowd{Connections: few, Requests: plain(path, []string{"nobody"}), WantStatus: http.StatusUnauthorized, WantLength: -1}},
		{what: "no such route", counted: "404 no_route", crowd: load.Crowd{Connections: few, Requests: plain("/nowhere", tokens), WantStatus: http.StatusNotFound, WantLength: -1}},
		{what: "tokens issued", counted: "token issued", crowd: load.Crowd{Connections: few, Requests: [][]byte{gate.TokenRequest(issued)}, WantStatus: http.StatusOK, WantLength: -1}},
	}
	for i := range s.crowds {
		s.crowds[i].crowd.Addr = s.gate.Addr
	}
	return nil
}

const head = "%s %s HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: soak\r\nAuthorization: Bearer %s\r\n"

func plain(path string, tokens []string) (all [][]byte) {
	for _, token := range tokens {
		all = append(all, fmt.Appendf(nil, head+"\r\n", "GET", path, token))
	}
	return all
}

func chunked(path string, tokens []string) (all [][]byte) {
	for _, token := range tokens {
		all = append(all, fmt.Appendf(nil, head+"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", "POST", path, token, load.BodyLength, strings.Repeat("scopegate bench\n", load.BodyLength/16)))
	}
	return all
}
