package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// standard is one case of a standard: a row of docs/standards.md and, if it is
// tested here, a subtest of TestStandards.
type standard struct {
	id     string // what the page and the tests call it
	level  string // M, S, P or X; see standardsIntro
	source string // the document and its section
	sent   string // what the caller does
	comes  string // what has to come of it
	how
}

// how says where a case is shown, or why it is not.
type how struct {
	test   func(*scene) // nil: not tested here
	tls    bool         // the test runs against the server over TLS, and only there
	status string       // in place of a test: what the page says
	see    string       // the id, or the test as "folder.TestName", that shows it
}

// tested is a case with a test of its own.
func tested(test func(*scene)) how { return how{test: test} }

// overTLS is a case of the server that callers reach over TLS.
func overTLS(test func(*scene)) how { return how{test: test, tls: true} }

// seen is a case that other cases or a test elsewhere show.
func seen(where string) how { return how{see: where} }

// otherwise is a case in which scopegate does something else.
func otherwise(why string) how { return how{status: "chosen otherwise: " + why} }

// but is a test of what scopegate does otherwise.
func (h how) but(why string) how { return how{test: h.test, status: "chosen otherwise: " + why} }

// measured is a case that was tried by hand, with what was seen.
func measured(what string) how { return how{status: "measured: " + what} }

// notBuilt is a case of an extension that is not there.
func notBuilt(why string) how { return how{status: "not built: " + why} }

// chapter is the cases of one subject.
type chapter struct {
	name  string // of the subtest
	title string
	cases []standard
	// fronts: each case runs against the fast front and against net/http's.
	fronts bool
}

// chapters are all cases, in the order of the page.
func chapters() []chapter {
	return []chapter{
		{name: "token", title: "T. The token endpoint: RFC 6749", cases: slices.Concat(grantCases(), requestCases(), credentialCases(), tokenLifeCases())},
		{name: "bearer", title: "B. Bearer tokens at the gateway: RFC 6750", cases: slices.Concat(challengeCases(), bearerCases()), fronts: true},
		{name: "principal", title: "P. What the upstream is told of the caller", cases: principalCases(), fronts: true},
		{name: "revocation", title: "V. Revocation: RFC 7009", cases: revocationCases()},
		{name: "introspection", title: "I. Introspection: RFC 7662", cases: introspectionCases()},
		{name: "server-metadata", title: "D. Authorization server metadata: RFC 8414", cases: serverMetadataCases()},
		{name: "resource-metadata", title: "R. Protected resource metadata: RFC 9728", cases: resourceMetadataCases()},
		{name: "assertion", title: "J. Client assertions: RFC 7523", cases: assertionCases()},
		{name: "mutual-tls", title: "X. Mutual TLS: RFC 8705", cases: mutualTLSCases()},
		{name: "proof", title: "O. Proof of possession: RFC 9449", cases: proofCases()},
		{name: "resource", title: "N. JWT access tokens and resource indicators: RFC 9068, RFC 8707", cases: resourceCases()},
		{name: "proxy", title: "H. The proxy: RFC 9110, RFC 9112, RFC 9113", fronts: true, cases: slices.Concat(
			hopCases(), framingCases(), messageCases(), answerCases(), targetCases(), http2Cases(), connectionCases())},
		{name: "forwarded", title: "F. Forwarded: RFC 7239 and X-Forwarded", cases: forwardedCases(), fronts: true},
		{name: "problem", title: "E. Problems, limits: RFC 9457, RFC 6585", cases: problemCases(), fronts: true},
		{name: "trace", title: "C. Trace context: W3C", cases: traceCases(), fronts: true},
		{name: "metrics", title: "M. Metrics", cases: metricsCases()},
		{name: "checklist", title: "A. Checklists: RFC 9700, OWASP ASVS 5.0, OWASP API Security Top 10", cases: checklistCases()},
	}
}

// TestStandards runs every case of docs/standards.md that has a test of its
// own against running servers, as callers over real sockets.
func TestStandards(t *testing.T) {
	t.Parallel()
	stages := map[string]*stage{"fast": newStage(t, "fast"), "net/http": newStage(t, "net/http")}
	secure := newStage(t, "fast", "--tls-cert", "tls.crt", "--tls-key", "tls.key")
	for _, ch := range chapters() {
		t.Run(ch.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range ch.cases {
				if c.test == nil {
					continue
				}
				t.Run(c.id+" "+c.source+" "+plainText(c.sent), func(t *testing.T) {
					t.Parallel()
					switch {
					case c.tls:
						c.test(newScene(t, secure, c.id))
						return
					case !ch.fronts:
						c.test(newScene(t, stages["fast"], c.id))
						return
					}
					for front, st := range stages {
						t.Run(strings.ReplaceAll(front, "/", "-"), func(t *testing.T) {
							t.Parallel()
							c.test(newScene(t, st, c.id))
						})
					}
				})
			}
		})
	}
}

// plainText is a cell of the page as a subtest's name.
func plainText(cell string) string {
	cell = strings.ReplaceAll(cell, "`", "")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '/' {
			return '|'
		}
		return r
	}, cell))
}

const standardsPage = "../../docs/standards.md"

const standardsIntro = `# Standards

What the RFCs ask of scopegate, case by case, and how each is shown. M: a MUST that binds it; S: a SHOULD; P: a choice
where the documents leave one; X: an extension.

The cases run against the program itself, over real sockets: ` + "`go test ./cmd/scopegate -run TestStandards`" + `. A case is a subtest of
` + "`TestStandards/CHAPTER`" + ` that begins with its id; the chapter stands under each heading. Where callers meet the proxy, each case
runs against both fronts. *yes* says that the case has such a test; a name says which other case or test shows it.

This page is written by ` + "`go test ./cmd/scopegate -run Standards -update`" + `.
`

// TestStandardsPageIsThatOfTheTests holds docs/standards.md to the cases, so
// that no row says more than the tests do.
func TestStandardsPageIsThatOfTheTests(t *testing.T) {
	var b strings.Builder
	b.WriteString(standardsIntro)
	count := map[string]int{}
	for _, ch := range chapters() {
		fmt.Fprintf(&b, "\n## %s\n\nChapter `%s`.\n\n| id | level | source | what is sent or done | what comes | shown |\n|---|---|---|---|---|---|\n", ch.title, ch.name)
		for _, c := range ch.cases {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.id, c.level, c.source, cell(c.sent), cell(c.comes), cell(c.shown()))
			count[c.kind()]++
		}
	}
	fmt.Fprintf(&b, "\n%d cases: %d with a test of their own, %d shown elsewhere, %d chosen otherwise, %d not built.\n",
		count["own"]+count["elsewhere"]+count["otherwise"]+count["not built"], count["own"], count["elsewhere"], count["otherwise"], count["not built"])
	if *update {
		if err := os.WriteFile(standardsPage, []byte(b.String()), 0o644); err != nil { // a page for everybody
			t.Fatal(err)
		}
		return
	}
	page, err := os.ReadFile(standardsPage)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(page), b.String()); d != "" {
		t.Errorf("docs/standards.md is not of these cases; write it anew with -update:\n%s", d)
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// shown is the last cell of the case's row.
func (c *standard) shown() string {
	switch {
	case c.status != "" && c.test != nil:
		return "yes; " + c.status
	case c.status != "":
		return c.status
	case c.test != nil:
		return "yes"
	case strings.Contains(c.see, ".Test"):
		return "yes, `" + c.see + "`"
	}
	return "yes, by " + c.see
}

func (c *standard) kind() string {
	switch {
	case strings.HasPrefix(c.status, "not built"):
		return "not built"
	case strings.HasPrefix(c.status, "measured"):
		return "elsewhere"
	case c.status != "":
		return "otherwise"
	case c.test != nil:
		return "own"
	}
	return "elsewhere"
}

// TestStandardsHoldTogether checks the cases themselves: ids without a gap,
// nothing without a test or a reason, and references to what there is.
func TestStandardsHoldTogether(t *testing.T) {
	ids := map[string]bool{}
	var list []standard
	for _, ch := range chapters() {
		for i, c := range ch.cases {
			letter, _, _ := strings.Cut(c.id, "-")
			if want := fmt.Sprintf("%s-%d", letter, i+1); c.id != want || ids[c.id] || !strings.HasPrefix(ch.title, letter+".") {
				t.Errorf("%s stands where %s belongs", c.id, want)
			}
			ids[c.id] = true
			list = append(list, c)
		}
	}
	for _, c := range list {
		if !regexp.MustCompile(`^[MSPX]$`).MatchString(c.level) || c.source == "" || c.sent == "" || c.comes == "" {
			t.Errorf("%s is not complete", c.id)
		}
		if c.test == nil && c.status == "" && c.see == "" {
			t.Errorf("%s is neither shown nor explained", c.id)
		}
		for where := range strings.SplitSeq(c.see, ", ") {
			if where != "" && !ids[where] && !hasTest(t, where) {
				t.Errorf("%s is said to be shown by %s, which is not there", c.id, where)
			}
		}
	}
}

// hasTest reports whether "folder.TestName" is a test of that folder.
func hasTest(t *testing.T, where string) bool {
	folder, name, ok := strings.Cut(where, ".")
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if !ok || err != nil {
		return false
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
