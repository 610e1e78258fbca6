//go:build linux

package main

import "fmt"

// goal is one figure that is to be reached.
type goal struct {
	name string
	what string
	// one and other are the subjects whose ratio counts.
	one, other string
	figure     func(sample) float64
	bound      float64
	atLeast    bool // the ratio is to be above the bound, not below
}

// goals are the ratios that scopegate is held to.
var goals = []goal{
	{name: "P1", what: "CPU a guarded request, log off, against nginx plain", one: gateQuiet, other: nginxPlain, figure: cpu, bound: 1.0},
	{name: "P2", what: "the same with the JSON log", one: gateLog, other: nginxPlain, figure: cpu, bound: 1.25},
	{name: "P3", what: "CPU against HAProxy jwt_verify HS256", one: gateQuiet, other: haproxyJWT, figure: cpu, bound: 0.55},
	{name: "P3", what: "CPU against nginx auth_request", one: gateQuiet, other: nginxAuth, figure: cpu, bound: 0.45},
	{name: "P4", what: "CPU of a chunked upload (net/http front) against echo + ReverseProxy", one: gateChunked, other: echoChunked, figure: cpu, bound: 0.6},
	{name: "P4", what: "CPU of a GET with --front=net/http against echo + ReverseProxy", one: gateNetHTTP, other: echoPlain, figure: cpu, bound: 0.6},
	{name: "P4", what: "CPU of a GET by HTTP/2 over TLS against echo + ReverseProxy", one: gateH2, other: echoH2, figure: cpu, bound: 0.6},
	{name: "P5", what: "p99 at the fixed rate against nginx plain", one: gateQuiet, other: nginxPlain, figure: fixedP99, bound: 1.0},
	{name: "P6", what: "refusals of unknown tokens a second of processor time, against accepted requests", one: gateUnknown, other: gateQuiet, figure: perCPUSecond, bound: 2, atLeast: true},
	{name: "P6", what: "refusals of missing scopes, the same", one: gateScope, other: gateQuiet, figure: perCPUSecond, bound: 2, atLeast: true},
	{name: "P12", what: "CPU with 1,000 routes against 10", one: gate1000, other: gateQuiet, figure: cpu, bound: 1.1},
	{name: "P12", what: "CPU with 10,000 routes against 10", one: gate10000, other: gateQuiet, figure: cpu, bound: 1.1},
}

// idleBound is the memory that scopegate may take at rest, in bytes (P9).
const idleBound = 40 << 20

// verdicts are the rows of the goals: name, what, goal, measured, verdict.
func (m *measurement) verdicts() [][]string {
	var rows [][]string
	for _, g := range goals {
		sign := "<="
		if g.atLeast {
			sign = ">="
		}
		row := []string{g.name, g.what, fmt.Sprintf("%s %.2f", sign, g.bound), "", "not measured"}
		if one, other := m.find(g.one), m.find(g.other); one != nil && other != nil {
			got := one.against(other, g.figure)
			row[3] = fmt.Sprintf("%.2f (%.2f-%.2f)", got.Median, got.Min, got.Max)
			row[4] = verdict(got.Median <= g.bound, got.Median >= g.bound, g.atLeast)
		}
		rows = append(rows, row)
	}
	row := []string{"P9", "memory at rest, tokens issued, nothing forwarded yet", "<= 40 MiB", "", "not measured"}
	if s := m.find(gateQuiet); s != nil {
		row[3], row[4] = mebibytes(float64(s.idle)), verdict(s.idle <= idleBound, false, false)
	}
	return append(rows, row)
}

func verdict(below, above, atLeast bool) string {
	if atLeast && above || !atLeast && below {
		return "reached"
	}
	return "missed"
}

func mebibytes(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }
