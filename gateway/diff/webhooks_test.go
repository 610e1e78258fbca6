package diff_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/config"
)

const (
	keyOne = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	keyTwo = "whsec_MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEw"
)

func withWebhooks(t *testing.T, hooks string) *config.Config {
	t.Helper()
	text := head + "  - { name: r, path: /r, require: { scopes: [a] }, upstream: legacy }\n"
	if hooks != "" {
		text += "webhooks:\n" + hooks
	}
	env := config.Environment{LookupEnv: func(name string) (string, bool) {
		v, ok := map[string]string{"ONE": keyOne, "TWO": keyTwo, "PATH": "/private-1", "OTHER": "/private-2"}[name]
		return v, ok
	}}
	cfg, problems := config.Load("routes.yaml", []byte(text), env)
	if len(problems) > 0 {
		t.Fatalf("%s\n%s", problems, text)
	}
	return cfg
}

func TestWebhooksThatComeGoAndChangeAreTold(t *testing.T) {
	const crm = `  crm: { url: "https://crm.example${PATH}", events: [client.created, token.revoked], secret: "${ONE}" }` + "\n"
	for name, c := range map[string]struct{ old, next, want string }{
		"the same": {crm, crm, ""},
		"the same events in another order": {
			crm, strings.Replace(crm, "client.created, token.revoked", "token.revoked, client.created", 1), "",
		},
		"new":    {"", crm, "changes: webhook crm is new: it is told of client.created, token.revoked"},
		"gone":   {crm, "", "changes: webhook crm is gone: it is told of nothing until it comes back"},
		"secret": {crm, strings.Replace(crm, "ONE", "TWO", 1), "changes: webhook crm has other secret"},
		"a new secret beside the old one": {
			crm, strings.Replace(crm, `secret: "${ONE}"`, `secret: "${TWO}", old_secret: "${ONE}"`, 1), "changes: webhook crm has other old_secret, secret",
		},
		"where to": {crm, strings.Replace(crm, "PATH", "OTHER", 1), "changes: webhook crm has other url"},
		"all else": {
			crm, strings.Replace(crm, "events:", "attempts: 3, timeout: 1s, ca_file: /ca.pem, events:", 1), "changes: webhook crm has other attempts, ca_file, timeout",
		},
		"events": {
			crm, strings.Replace(crm, "client.created", "secret.rotated, client.revoked", 1),
			"changes: webhook crm is told of client.revoked, secret.rotated, too; is not told of client.created any more",
		},
	} {
		report := compare(t, withWebhooks(t, c.old), withWebhooks(t, c.next))
		got := strings.Join(report.Words(100), "\n")
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		for _, secret := range []string{"whsec_", "private", keyOne[6:], keyTwo[6:]} {
			if strings.Contains(got, secret) {
				t.Errorf("%s tells a secret: %s", name, got)
			}
		}
	}
}

// A key of a webhook that is new in the file is new here, too.
func TestEveryKeyOfAWebhookIsCompared(t *testing.T) {
	var known []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Webhook]()) {
		known = append(known, f.Name)
	}
	want := []string{"Name", "URL", "Events", "Secret", "OldSecret", "Timeout", "Attempts", "CAFile"}
	if d := cmp.Diff(want, known); d != "" {
		t.Errorf("compare the new ones (-compared +there):\n%s", d)
	}
}
