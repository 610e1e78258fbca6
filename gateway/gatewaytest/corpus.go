package gatewaytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/gateway"
)

// StartFront serves a gateway until the test ends and returns its address.
type StartFront func(t testing.TB, g *gateway.Gateway) (addr string)

// Corpus is a directory of cases, one txtar archive each:
//
//	request             what the caller sends, after Unescape
//	answer              what the upstream says (default: DefaultAnswer)
//	answer.end          the same, and the upstream ends the connection then
//	routes.yaml         the configuration (default: the directory's routes.yaml)
//	want.upstream       all that the upstream saw
//	want.caller         all that the caller got
//	want.caller@FRONT   the same where a front of this name answers otherwise
//
// The comment says what is attacked, or which rule is held.
type Corpus struct {
	Dir    string
	Front  string // the name of the front; empty: the one that writes want.caller
	Update bool   // writes what is seen in place of what was wanted
}

// RunAll runs every case against a front.
func (c Corpus) RunAll(t *testing.T, start StartFront) {
	files, err := filepath.Glob(filepath.Join(c.Dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", c.Dir, err)
	}
	common, err := os.ReadFile(filepath.Join(c.Dir, "routes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c.run(t, file, string(common), start)
		})
	}
}

func (c Corpus) run(t *testing.T, file, routes string, start StartFront) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if own, ok := section(archive, "routes.yaml"); ok {
		routes = own
	}
	request, ok := section(archive, "request")
	if !ok {
		t.Fatal("no request")
	}
	h := New(t, routes)
	if answer, ok := section(archive, "answer"); ok {
		h.Upstream.Answer(Unescape(answer), false)
	}
	if answer, ok := section(archive, "answer.end"); ok {
		h.Upstream.Answer(Unescape(answer), true)
	}
	got := Talk(t, start(t, h.Gateway), Unescape(request))
	seen := tellSeen(h.Upstream)
	wantCaller := "want.caller"
	if _, ok := section(archive, wantCaller+"@"+c.Front); ok {
		wantCaller += "@" + c.Front
	}
	if c.Update {
		setSection(archive, "want.upstream", seen)
		setSection(archive, wantCaller, got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, got := range map[string]string{"want.upstream": seen, wantCaller: got} {
		want, ok := section(archive, name)
		if !ok {
			t.Errorf("no %s", name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func section(a *txtar.Archive, name string) (string, bool) {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

func setSection(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}

var tokenNames = []string{"read", "write", "both", "bob", "expired", "revoked", "cut", "asleep", "unknown"}

// Unescape makes wire bytes of a case's text: line ends become CRLF, <NAME>
// the token of that name where one is known, and a backslash writes what text
// cannot hold: \n \r \t \0 \e (escape) \\, and one before a line end joins the
// lines.
func Unescape(text string) string {
	for _, name := range tokenNames {
		text = strings.ReplaceAll(text, "<"+name+">", TokenText(name))
	}
	return strings.NewReplacer(
		"\\\n", "", `\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\0`, "\x00", `\e`, "\x1b", "\n", "\r\n",
	).Replace(text)
}
