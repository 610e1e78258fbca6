package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/authz/admin"
)

func TestExportedClientsAreTheSameInAnotherStore(t *testing.T) {
	a, b := serveInProcess(t, oneRoute, nil), serveInProcess(t, oneRoute, nil)
	mine := a.register("Data Sync Worker", "--owner", "tenant:42", "--token-ttl", "30m", "--issue-limit", "100/h", "--max-live-tokens", "7",
		"--address", "127.0.0.0/8", "--address", "2001:db8::/32", "--label", "team=data", "--label", "empty=")
	odd := a.register(`yes: "no" ${HOME} ü # -`, "--public")
	a.cli("clients", "disable", odd.Client.ID)
	gone := a.register("gone")
	a.cli("clients", "revoke", gone.Client.ID)

	export := a.cli("clients", "export")
	for name, text := range map[string]string{
		"secret": mine.ClientSecret, "preview": mine.Client.Secrets[0].Preview, "revoked client": gone.Client.ID, "hash": "hash",
	} {
		if strings.Contains(export, text) {
			t.Errorf("the export holds the %s:\n%s", name, export)
		}
	}
	b.write("clients.yaml", export)
	b.cli("clients", "apply", "-f", b.path("clients.yaml"))
	if diff := cmp.Diff(export, b.cli("clients", "export")); diff != "" {
		t.Errorf("exported again (-first +second):\n%s", diff)
	}
	var there admin.Client
	b.json(&there, "clients", "get", mine.Client.ID)
	if len(there.Secrets) != 0 || there.ManagedBy == "" {
		t.Errorf("in the other store it is %+v", there)
	}
	// It gets a secret there, and the file leaves that alone.
	var rotated admin.ClientWithSecret
	b.json(&rotated, "clients", "rotate-secret", mine.Client.ID)
	_, stderr, code := b.try("", "clients", "apply", "-f", b.path("clients.yaml"), "--data-dir", b.path("data"))
	if code != exitOK || !strings.Contains(stderr, "Nothing changes") {
		t.Errorf("applied again: exit %d %s", code, stderr)
	}
	b.token(rotated)
	if status, _, _ := b.ask(mine); status != http.StatusUnauthorized {
		t.Errorf("the first store's secret in the second: %d", status)
	}

	if got := a.cli("clients", "export", "--owner", "tenant:42"); !strings.Contains(got, mine.Client.ID) || strings.Contains(got, odd.Client.ID) {
		t.Errorf("of an owner:\n%s", got)
	}
	if got := a.cli("clients", "export", "--owner", "tenant:43"); got != "# No clients.\n" {
		t.Errorf("of nobody: %q", got)
	}
}

// The example is applied as it stands, to the catalogue of the example routes.
func TestTheExampleOfAClientsFileIsApplied(t *testing.T) {
	routes, err := os.ReadFile("../../routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../examples/clients.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := serveInProcess(t, string(routes), nil)
	if err := os.MkdirAll(p.path("secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	secret, _, _ := p.try("", "clients", "new-secret")
	p.write(filepath.Join("secrets", "data-sync"), secret)
	p.write("clients.yaml", string(example))
	for _, want := range []string{`"created": 3`, `"unchanged": 3`} {
		if out := p.cli("clients", "apply", "-f", p.path("clients.yaml"), "-o", "json"); !strings.Contains(out, want) {
			t.Errorf("want %s:\n%s", want, out)
		}
	}
	p.token(admin.ClientWithSecret{Client: admin.Client{ID: "5b0f2c9e-7d4a-4c11-9f63-2a8d1e6b7c05"}, ClientSecret: strings.TrimSpace(secret)})
}

func TestTheSchemaOfClientsFilesIsPrinted(t *testing.T) {
	p := &inProcess{t: t}
	want, err := os.ReadFile("../../docs/clients.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if got, _, code := p.try("", "clients", "schema"); code != exitOK || got != string(want) {
		t.Errorf("exit %d:\n%s", code, got)
	}
}

func TestSecretsAreMadeAndHashedForFiles(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	secret, _, code := p.try("", "clients", "new-secret")
	if code != exitOK || !authz.IsSecretText(strings.TrimSpace(secret)) {
		t.Fatalf("exit %d", code)
	}
	hash := func(stdin string) (string, int) {
		out, _, code := p.try(stdin, "clients", "hash-secret", "--data-dir", p.path("data"))
		return out, code
	}
	first, code := hash(secret)
	if code != exitOK || strings.Contains(first, strings.TrimSpace(secret)) {
		t.Fatalf("exit %d", code)
	}
	p.write("clients.yaml", "version: 1\nclients:\n- id: 5b0f2c9e-7d4a-4c11-9f63-2a8d1e6b7c05\n  name: one\n  secrets:\n"+strings.ReplaceAll("  "+strings.TrimSpace(first), "\n", "\n  ")+"\n")
	p.cli("clients", "apply", "-f", p.path("clients.yaml"))
	p.token(admin.ClientWithSecret{Client: admin.Client{ID: "5b0f2c9e-7d4a-4c11-9f63-2a8d1e6b7c05"}, ClientSecret: strings.TrimSpace(secret)})
	for _, bad := range []string{"", "hunter2\n"} {
		if out, code := hash(bad); code != exitUsage || out != "" {
			t.Errorf("%q: exit %d %s", bad, code, out)
		}
	}
}

// One file is one set: it bears the name only if all of its clients are of it.
func TestAnExportOfSeveralSetsNamesThem(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	apply := func(set, id string) {
		p.write("set.yaml", "version: 1\nmanaged_by: "+set+"\nclients:\n- { id: "+id+", name: one of "+set+" }\n")
		p.cli("clients", "apply", "-f", p.path("set.yaml"))
	}
	export := func(want, word string, args ...string) {
		t.Helper()
		out, stderr, code := p.try("", append([]string{"clients", "export", "--data-dir", p.path("data")}, args...)...)
		name := ""
		if line, _, _ := strings.Cut(out[strings.Index(out, "\n")+1:], "\n"); strings.HasPrefix(line, "managed_by: ") {
			name = strings.TrimPrefix(line, "managed_by: ")
		}
		if code != exitOK || name != want || !strings.Contains(stderr, word) || word == "" && stderr != "" {
			t.Errorf("%v: exit %d, managed_by %q, want %q\n%s%s", args, code, name, want, out, stderr)
		}
	}
	apply("crm", "5b0f2c9e-7d4a-4c11-9f63-2a8d1e6b7c01")
	export("crm", "")
	apply("erp", "5b0f2c9e-7d4a-4c11-9f63-2a8d1e6b7c02")
	export("", "Several made these clients: crm, erp.")
	export("erp", "", "--managed-by", "erp")
	p.register("by hand")
	export("", "crm, erp, and some were made by hand.")
	export("crm", "", "--managed-by", "crm")
}
