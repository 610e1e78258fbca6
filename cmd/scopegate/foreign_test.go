package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestForeignClientsWorkUnmodified lets the OAuth clients that people use
// fetch tokens from a real server, by Basic and by form, and use them.
func TestForeignClientsWorkUnmodified(t *testing.T) {
	r := newReadme(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	out := r.start("exec scopegate serve --demo", root)
	r.until("the demo", out, func() bool { return strings.Contains(out.String(), "Ready.") })
	who := regexp.MustCompile(`-u '([^:]+):([^']+)'`).FindStringSubmatch(out.String())
	where := regexp.MustCompile(`gateway +(http://\S+)`).FindStringSubmatch(out.String())
	if who == nil || where == nil {
		t.Fatalf("no client or address in\n%s", out)
	}
	env := []string{"GW_URL=" + where[1], "CLIENT_ID=" + who[1], "CLIENT_SECRET=" + who[2], "http_proxy=", "HTTP_PROXY=", "no_proxy=127.0.0.1"}
	for _, c := range []struct{ script, probe, run string }{
		{"with-curl.sh", "command -v curl", "bash"},
		{"with-authlib.py", `/usr/bin/python3 -c "import authlib, requests"`, "/usr/bin/python3"},
		{"with-requests_oauthlib.py", `/usr/bin/python3 -c "import requests_oauthlib"`, "/usr/bin/python3"},
		{"with-oauth2.rb", `ruby -e 'require "oauth2"'`, "ruby"},
		{"with-openid-client.mjs", `test -d "$NODE_CLIENTS/node_modules/openid-client"`, "node"},
		{"with-oauth4webapi.mjs", `test -d "$NODE_CLIENTS/node_modules/oauth4webapi"`, "node"},
		{"with-simple-oauth2.cjs", `test -d "$NODE_CLIENTS/node_modules/simple-oauth2"`, "node"},
	} {
		t.Run(c.script, func(t *testing.T) {
			if err := exec.CommandContext(t.Context(), "sh", "-c", c.probe).Run(); err != nil {
				t.Skipf("the client is not installed here: %s: %v", c.probe, err)
			}
			got := (&readme{t, r.dir, r.env}).run(c.run+" "+place(t, c.script), env...)
			if !strings.Contains(got, "client_secret_basic 200\n") || !strings.Contains(got, "client_secret_post 200\n") {
				t.Errorf("printed\n%s", got)
			}
		})
	}
}

// place returns where a script can be run: JavaScript looks for its modules
// beside itself, so it is copied there.
func place(t *testing.T, script string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "clients", script))
	if err != nil {
		t.Fatal(err)
	}
	modules := os.Getenv("NODE_CLIENTS")
	if strings.HasSuffix(script, "js") && modules != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(modules, script)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
