package clientfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scopegate/authz"
	"scopegate/authz/clientfile"
)

func FuzzWhatIsWrittenIsReadAgain(f *testing.F) {
	for _, name := range []string{
		"plain", "yes", "null", "~", "1e3", "0x10", "2027-01-31", "a: b", "- a", "# no", "${HOME}", " lead", "trail ", `"quoted"`, "'", "<<", "*a", "&a", "!!str", "ü ☃", "%", "@", "`", "{}", "[",
	} {
		f.Add(name, "invoices.read", "tenant", "42", "team", "data")
	}
	f.Fuzz(func(t *testing.T, name, scope, kind, id, key, value string) {
		want := clientfile.Client{
			ID: "7f0c2f3e-6a0b-4d3c-9a51-0d6f4f3b2a10", Name: name, AllowedScopes: []string{scope},
			Owner: clientfile.Owner{Type: kind, ID: id}, Labels: []clientfile.Label{{Key: key, Value: value}}, Status: authz.StatusDisabled,
		}
		file := &clientfile.File{Name: "clients.yaml", ManagedBy: "x", Clients: []clientfile.Client{want}}
		text, err := file.Write()
		if err != nil {
			return // it cannot be said, and that is said
		}
		got, problems := clientfile.Load("clients.yaml", text, nil)
		if problems != nil {
			t.Fatalf("%v\n%s", problems, text)
		}
		if diff := cmp.Diff(file.Clients, got.Clients, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-written +read):\n%s\n%s", diff, text)
		}
	})
}

func TestSecretsAreNeverWritten(t *testing.T) {
	file := &clientfile.File{ManagedBy: clientfile.DefaultManagedBy, Clients: []clientfile.Client{{
		ID: "7f0c2f3e-6a0b-4d3c-9a51-0d6f4f3b2a10", Name: "one", Secrets: []clientfile.Secret{{Text: secret(t)}},
	}}}
	if text, err := file.Write(); err == nil {
		t.Errorf("written:\n%s", text)
	}
	file.Clients[0].Secrets = nil
	text, err := file.Write()
	want := "version: 1\nclients:\n  - id: 7f0c2f3e-6a0b-4d3c-9a51-0d6f4f3b2a10\n    name: one\n"
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s", err, text)
	}
	file.Clients = nil
	if text, err := file.Write(); err != nil || !strings.HasPrefix(string(text), "#") {
		t.Errorf("no clients: %v %q", err, text)
	}
}
