package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"scopegate/authz/admin"
)

const oneRoute = `version: 1
scopes:
  invoices.read: Read invoices
  invoices.write: Change invoices
upstreams:
  billing: { endpoints: [ { url: http://127.0.0.1:1 } ] }
routes:
  - { name: read, path: /invoices/*, require: { scopes: [invoices.read] }, upstream: billing }
`

func TestHashKeysRotateWithoutABreakAndRetireWhenNothingNeedsThem(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	used, idle := p.register("used"), p.register("idle")
	before := p.token(used)

	var keys admin.HashKeyList
	p.json(&keys, "keys", "rotate")
	if len(keys.Keys) != 2 || keys.Keys[0].ID != "k1" || keys.Keys[0].Secrets != 2 || !keys.Keys[1].Active {
		t.Fatalf("keys after a rotation: %+v", keys)
	}
	file, err := os.ReadFile(p.path("data/hash.keys"))
	if err != nil || !strings.Contains(string(file), keys.Keys[1].ID+" ") {
		t.Errorf("hash.keys does not hold the new key; error %v", err)
	}
	p.refused(exitFailed, "active key", "keys", "retire", keys.Keys[1].ID)
	p.refused(exitFailed, "not found", "keys", "retire", "k9")
	p.refused(exitFailed, idle.Client.ID+` ("idle")`, "keys", "retire", "k1")

	p.token(used) // moves its secret
	p.json(&keys, "keys", "list")
	if keys.Keys[0].Secrets != 1 || keys.Keys[1].Secrets != 1 {
		t.Errorf("keys after one secret was used: %+v", keys)
	}
	p.token(idle)
	p.json(&keys, "keys", "retire", "k1")
	if len(keys.Keys) != 1 || keys.Keys[0].Secrets != 2 {
		t.Errorf("keys after the old one retired: %+v", keys)
	}
	for _, kind := range []string{"keys.rotated", "keys.retired", "secret.rehashed"} {
		if log := p.cli("audit"); !strings.Contains(log, kind) {
			t.Errorf("the control log does not tell of %s:\n%s", kind, log)
		}
	}

	p.stop()
	p.start()
	p.token(used)
	p.token(idle)
	if status, code := p.get("/invoices/1", before); status == http.StatusUnauthorized {
		t.Errorf("a token from before the rotation: %d %s", status, code)
	}
}

func TestHashKeysFromOutsideAreNotOverwrittenBlindly(t *testing.T) {
	const given = "mine 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
	file := t.TempDir() + "/given.keys"
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(given)
	p := serveInProcess(t, oneRoute, map[string]string{"SCOPEGATE_HASH_KEYS_FILE": file})
	c := p.register("worker")

	put("other" + given[4:])
	p.refused(exitFailed, "changed since the server read it", "keys", "rotate")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "cannot be changed", "keys", "rotate")
	put(given)
	p.cli("keys", "rotate")
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), given) {
		t.Errorf("the given file does not hold the old key and a new one; error %v", err)
	}
	p.token(c)
}
