package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"scopegate/gateway/config"
)

const secretFile = `version: 1
oauth: { issuer: "https://${HOST}" }
scopes: { a.read: Read a }
upstreams:
  a:
    endpoints: [{ url: "http://${HOST}:9001" }, { url: "unix:/run/${HOST}.sock" }]
    principal_headers: { X-Remote-User: "${HOST}/{principal.client_id}" }
    request_headers: { set: { Authorization: "Basic ${file:basic}" } }
routes:
  - name: a
    path: /a
    upstream: a
    require: { scopes: [a.read] }
    request_headers: { set: { X-Key: "key ${HOST}" } }
    response_headers: { set: { X-Key: "${NONE:-hunter2}" } }
`

func secretEnvironment(value string) config.Environment {
	return config.Environment{
		LookupEnv: func(name string) (string, bool) { return value, name == "HOST" },
		ReadFile:  func(string) ([]byte, error) { return []byte(value + "\n"), nil },
	}
}

func TestNoSecretOfAConfigurationIsPrinted(t *testing.T) {
	c, problems := config.Load("routes.yaml", []byte(secretFile), secretEnvironment("hunter2"))
	if problems != nil {
		t.Fatal(problems)
	}
	upstream, route := c.Upstreams[0], c.Routes[0]
	value := upstream.RequestHeaders.Set[0].Value
	for _, v := range []any{
		c, *c, c.OAuth, c.OAuth.Issuer, &c.OAuth.Issuer, c.Upstreams, upstream, &upstream, upstream.Endpoints[0],
		upstream.Endpoints[0].Address(), upstream.Endpoints[1].Authority(), c.Routes, route, &route,
		value, &value, value.Parts(),
		struct{ hidden config.Text }{c.OAuth.Issuer},
		struct{ hidden config.Value }{value},
	} {
		var printed bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		printed.Write(text)
		text, err = yaml.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		printed.Write(text)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("loaded", "value", v)
		slog.New(slog.NewTextHandler(&printed, nil)).Info("loaded", "value", v)
		for _, secret := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2")} {
			if strings.Contains(printed.String(), secret) {
				t.Errorf("%T prints %s:\n%s", v, secret, printed.String())
			}
		}
	}
	if got := value.Parts()[1].Text.Reveal(); got != "hunter2" {
		t.Errorf("the secret itself is %q", got)
	}
	if got := upstream.Endpoints[1].Address().Reveal(); got != "/run/hunter2.sock" {
		t.Errorf("the socket is %q", got)
	}
}

func TestNoProblemRepeatsASecret(t *testing.T) {
	for _, value := range []string{"hunter2/", "hunter2 hunter2", "user:hunter2@a", "hunter2\n\n", "hunter2?", "..hunter2", "\x00hunter2", strings.Repeat("hunter2", 2000)} {
		_, problems := config.Load("routes.yaml", []byte(secretFile), secretEnvironment(value))
		if len(problems) == 0 {
			t.Errorf("%.40q loads", value)
		}
		if strings.Contains(problems.Error(), "hunter2") {
			t.Errorf("a problem repeats the secret: %v", problems)
		}
	}
}

func TestAValueFromOutsideIsNeverExpandedAgain(t *testing.T) {
	c, problems := config.Load("routes.yaml", []byte(strings.Replace(secretFile, "https://${HOST}", "https://a.example", 1)), config.Environment{
		LookupEnv: func(string) (string, bool) { return "a", true },
		ReadFile:  func(string) ([]byte, error) { return []byte("${HOST} {principal.client_id} {nonsense}"), nil },
	})
	if problems != nil {
		t.Fatal(problems)
	}
	parts := c.Upstreams[0].RequestHeaders.Set[0].Value.Parts()
	if len(parts) != 2 || parts[1].Placeholder != "" || parts[1].Text.Reveal() != "${HOST} {principal.client_id} {nonsense}" {
		t.Errorf("got %d parts, the last %q", len(parts), parts[len(parts)-1].Text.Reveal())
	}
}
