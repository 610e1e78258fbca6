package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// cmdClient: client NAME [FLAG]... registers a client by the command line and
// sets CLIENT_ID and CLIENT_SECRET.
func (s *session) cmdClient(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("scopegate", append([]string{"clients", "create", "-o", "json", "--name", args[0]}, args[1:]...)...))
	var out struct {
		Client struct {
			ID string `json:"id"`
		} `json:"client"`
		Secret string `json:"client_secret"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &out))
	ts.Setenv("CLIENT_ID", out.Client.ID)
	ts.Setenv("CLIENT_SECRET", out.Secret)
}

// cmdToken: [!] token [SCOPE]... gets a token as a foreign OAuth client does
// and sets TOKEN. Negated, the token endpoint must refuse.
func (s *session) cmdToken(ts *testscript.TestScript, neg bool, scopes []string) {
	ts.Check(s.trust())
	c := clientcredentials.Config{
		ClientID: ts.Getenv("CLIENT_ID"), ClientSecret: ts.Getenv("CLIENT_SECRET"),
		TokenURL: ts.Getenv("GW_URL") + "/oauth/token", Scopes: scopes,
	}
	token, err := c.Token(context.WithValue(context.Background(), oauth2.HTTPClient, s.client))
	check(ts, neg, err == nil, "a token is issued: %v", err)
	if err != nil {
		fmt.Fprintln(ts.Stderr(), err)
		return
	}
	if token.Type() != "Bearer" || !token.Valid() {
		ts.Fatalf("not a bearer token that lives: type %q", token.Type())
	}
	ts.Setenv("TOKEN", token.AccessToken)
	ts.Logf("expires %s, scope %v", token.Expiry, token.Extra("scope"))
}

// cmdSet: set NAME REGEXP sets a variable from the last answer's or program's
// output, by the pattern's first group.
func cmdSet(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("%s matches nothing in\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], strings.TrimSpace(m[1]))
}

// cmdJSON: json PROGRAM ARG... runs a program, whose output must be one JSON value.
func cmdJSON(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec(args[0], args[1:]...))
	if out := ts.ReadFile("stdout"); !json.Valid([]byte(out)) {
		ts.Fatalf("not JSON: %s", out)
	}
}

// cmdRun runs a program and adds what it prints to the file outputs.
func (s *session) cmdRun(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	check(ts, neg, err == nil, "it succeeds: %v", err)
	f, err := os.OpenFile(filepath.Join(s.dir, "outputs"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer f.Close()
	_, err = fmt.Fprintf(f, "%s%s", ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	ts.Check(err)
}

// cmdMode: mode PERMISSIONS PATH..., in octal. A directory stands for itself.
func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	for _, path := range args[1:] {
		info, err := os.Lstat(ts.MkAbs(path))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", path, got, args[0])
		}
	}
}

// cmdNowhere: nowhere TEXT PATH... looks for a text in files, and in all files
// below directories.
func cmdNowhere(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "" {
		ts.Fatalf("an empty text is everywhere")
	}
	files := 0
	for _, path := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(path), func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			data, err := os.ReadFile(name)
			if err == nil && strings.Contains(string(data), args[0]) {
				err = fmt.Errorf("%s holds what it must not: %s", name, args[0])
			}
			return err
		}))
	}
	if files == 0 {
		ts.Fatalf("no files below %q", args[1:])
	}
}

// scrape reads /metrics as Prometheus does.
func (s *session) scrape(ts *testscript.TestScript) string {
	s.last = s.do(s.request(ts, []string{http.MethodGet, ts.Getenv("ADMIN_URL") + "/metrics"}))
	if s.last.status != http.StatusOK {
		ts.Fatalf("%s", s.last.text())
	}
	return s.last.body
}

func (s *session) cmdPromlint(ts *testscript.TestScript, _ bool, _ []string) {
	problems, err := promlint.New(strings.NewReader(s.scrape(ts))).Lint()
	ts.Check(err)
	for _, p := range problems {
		// The collectors of Go and of the process are not ours to name.
		if strings.HasPrefix(p.Metric, "scopegate_") {
			ts.Fatalf("%s: %s", p.Metric, p.Text)
		}
	}
}

// cmdFamilies: families FILE has a family of metrics a line, with the labels
// that each of its samples must have: NAME [LABEL,LABEL].
func (s *session) cmdFamilies(ts *testscript.TestScript, _ bool, args []string) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.scrape(ts)))
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		family := families[words[0]]
		if family == nil {
			ts.Fatalf("no %s in\n%s", words[0], s.last.body)
		}
		var got []string
		for _, l := range family.GetMetric()[0].GetLabel() {
			got = append(got, l.GetName())
		}
		if want := strings.Join(words[1:], " "); strings.Join(got, ",") != want {
			ts.Fatalf("%s has the labels %q, want %q", words[0], got, want)
		}
	}
}
