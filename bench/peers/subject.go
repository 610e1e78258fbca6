//go:build linux

package main

import (
	"fmt"
	"os"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// The names by which goals speak of subjects.
const (
	nginxPlain   = "nginx plain"
	nginxAuth    = "nginx auth_request"
	haproxyPlain = "haproxy plain"
	haproxyJWT   = "haproxy jwt HS256"
	echoPlain    = "echo + ReverseProxy"
	echoChunked  = "echo + ReverseProxy, chunked"
	gateQuiet    = "scopegate"
	gateLog      = "scopegate, JSON log"
	gateNetHTTP  = "scopegate, net/http front"
	gateChunked  = "scopegate, chunked"
	gateUnknown  = "scopegate, unknown token"
	gateScope    = "scopegate, missing scope"
	gate1000     = "scopegate, 1000 routes"
	gate10000    = "scopegate, 10000 routes"
	echoH2       = "echo + ReverseProxy, HTTP/2 over TLS"
	gateH2       = "scopegate, HTTP/2 over TLS"
)

// subject is a proxy under one kind of load.
type subject struct {
	name     string
	checks   string // of a caller, in words
	process  *proc.Process
	addr     string
	requests [][]byte
	status   int
	length   int      // of the answer's body; negative for any
	fixed    bool     // is measured at the fixed rate too
	tokens   []string // if any, it is asked by HTTP/2 over TLS, with these
	verify   []probe
	log      *os.File // that grows with every request, nil if none

	pids    []int
	idle    int64 // resident memory before the first request
	samples []sample
}

// sample is one round of a subject.
type sample struct {
	cpu                float64 // us of processor time a request
	perSecond          float64
	p50, p99           time.Duration
	fixedP50, fixedP99 time.Duration
	fixedCPU           float64
	rss                int64
	starved            float64 // share of the window in which the load had nothing to do
}

func (s *subject) crowd(o *options, rate int) load.Crowd {
	return load.Crowd{Addr: s.addr, Connections: o.connections, Requests: s.requests, Rate: rate, WantStatus: s.status, WantLength: s.length}
}

// get makes a GET for each token.
func get(path string, tokens []string) [][]byte {
	var all [][]byte
	for _, token := range tokens {
		all = append(all, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bench\r\nAccept: */*\r\nAuthorization: Bearer %s\r\n\r\n", path, token))
	}
	return all
}

// upload makes a POST of 1 KiB for each token, in one chunk.
func upload(path string, tokens []string) [][]byte {
	var all [][]byte
	for _, token := range tokens {
		all = append(all, fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bench\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer %s\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
			path, token, load.BodyLength, load.Body()))
	}
	return all
}
