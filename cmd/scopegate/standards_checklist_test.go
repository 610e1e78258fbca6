package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

func checklistCases() []standard {
	return []standard{
		{"A-1", "S", "RFC 9700 2.2, ASVS 10.4.14", "tokens that are bound to their sender", "mutual TLS or DPoP", notBuilt("tokens are bearer tokens that live an hour and die at once when they are revoked; a client's `addresses` bind it to where it calls from")},
		{"A-2", "S", "RFC 9700 2.3, ASVS 10.3.1", "a token of one resource at another", "401", seen("N-9")},
		{"A-3", "S", "RFC 9700 2.3, ASVS 10.4.11", "least scope", "a client gets what it is allowed", seen("T-6, T-10")},
		{"A-4", "M", "ASVS 10.4.4", "the grants that a client may use", "a list for each client", seen("T-21")},
		{"A-5", "M", "ASVS 10.4.9", "an administrator revokes a token, a client's tokens, a client", "dead at once", tested(adminRevokes)},
		{"A-6", "M", "ASVS 10.4.10", "who asks for, revokes and introspects tokens", "is authenticated", seen("T-41, T-42, V-3, I-1")},
		{"A-7", "S", "RFC 9700 2.5, ASVS 10.4.16", "client authentication by a key pair", "private_key_jwt or mutual TLS", notBuilt("secrets are 256 random bits of the server's making, kept as keyed hashes, and rotate with an overlap")},
		{"A-8", "M", "RFC 9700 4.13", "a caller's own principal and forwarding fields", "are gone", seen("F-1, H-2, H-46")},
		{"A-9", "S", "RFC 9700 4.15", "a client that looks like a user", "cannot", seen("P-2, P-7")},
		{"A-10", "S", "RFC 9700 2.6", "metadata", "published", seen("D-1, R-1")},
		{"A-11", "M", "OWASP API1, API5", "the admin API from the public listener, and with a client's token", "not there; 401", tested(adminIsElsewhere)},
		{"A-12", "M", "OWASP API2", "broken authentication", "chapters T and B", seen("T-42, B-1, B-8, B-10")},
		{"A-13", "M", "OWASP API3", "`PATCH` of a client with `id`, `secret_hash`, `generation`, `status`, a member that nobody knows", "400", tested(func(s *scene) {
			before := fmt.Sprint(s.change(s.T, "GET", "/clients/"+s.client().id, nil))
			for _, member := range []string{"id", "secret_hash", "generation", "status", "secrets", "version", "nosuch"} {
				if status, out := s.ask(s.T, http.MethodPatch, "/clients/"+s.client().id, map[string]any{member: "1", "name": "changed"}); status != 400 {
					s.Errorf("%s: %d %v", member, status, out)
				}
			}
			if after := fmt.Sprint(s.change(s.T, "GET", "/clients/"+s.client().id, nil)); after != before {
				s.Errorf("%s\nbecame\n%s", before, after)
			}
		})},
		{"A-14", "M", "OWASP API4", "fields, bodies, streams, silence", "bounded by default", seen("H-26, H-27, H-53, T-35, gateway.TestABodyThatStopsComingEndsItsConnection")},
		{"A-15", "M", "OWASP API7", "a redirect of the upstream to somewhere else", "passes to the caller; nothing is fetched", tested(func(s *scene) {
			told := s.talk(getA(answering("HTTP/1.1 302 Found\nLocation: http://" + s.addr + "/public/x?" + s.tag + "\nContent-Length: 0\n\n")))
			if statuses(told)[0] != "302" || !strings.Contains(told, "\nlocation: ") {
				s.Error(told)
			}
			s.upstreamSaw()
		})},
		{"A-16", "M", "OWASP API8", "a routes file with mistakes; `clients` of everybody to read", "refused with line and column; 0600", tested(mistakesAreRefused)},
		{"A-17", "M", "OWASP API9", "what can be reached", "`scopegate routes list` and `GET /admin/v1/routes` say all", tested(func(s *scene) {
			names := map[string]bool{}
			routes, _ := s.change(s.T, "GET", "/routes", nil)["routes"].([]any)
			for _, r := range routes {
				names[fmt.Sprint(r.(map[string]any)["name"])] = true
			}
			if want := strings.Count(standardsRoutes, "- { name: "); len(names) != want {
				s.Errorf("%d routes are told, %d are there", len(names), want)
			}
		})},
		{"A-18", "M", "OWASP API10", "answers of an upstream that are none", "502, and the server goes on", seen("H-39, H-40")},
		{"A-19", "M", "ASVS 11, 13", "keys and secrets in flags, files, status, logs", "none but in files of 0600", tested(secretsStay)},
		{"A-20", "S", "ASVS 16", "an admin change, a failed authentication, a name with line ends in it", "one JSON line each, with who and why; no secret", tested(auditLines)},
	}
}

func adminRevokes(s *scene) {
	single, other := s.token(s.T, s.client()), s.token(s.T, s.client())
	s.change(s.T, "POST", "/tokens/revoke", map[string]string{"token": single})
	s.invalidToken(s.get("/a/x?{tag}", single))
	s.want(s.get("/a/x", other), 200, "")
	s.change(s.T, "POST", "/clients/"+s.client().id+"/revoke-tokens", nil)
	s.invalidToken(s.get("/a/x?{tag}", other))
	again := s.register(s.T, nil)
	token := s.token(s.T, again)
	s.change(s.T, "POST", "/clients/"+again.id+"/revoke", nil)
	s.invalidToken(s.get("/a/x?{tag}", token))
	s.want(s.post("/oauth/token", again, "grant_type", "client_credentials"), 401, "invalid_client")
}

func adminIsElsewhere(s *scene) {
	for _, path := range []string{"/admin/v1/clients", "/admin/v1/status"} {
		s.want(s.get(path+"?{tag}", ""), 401, "no_token") // the stage's own route /admin/*
		req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.adminURL+path, nil)
		if err != nil {
			s.Fatal(err)
		}
		for _, auth := range []string{"", "Bearer " + s.whole, basicAuth(s.alice.id, s.alice.secret)} {
			req.Header.Set("Authorization", auth)
			resp, err := s.public.Do(req)
			if err != nil {
				s.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusUnauthorized {
				s.Errorf("%s with %.8s: %s", path, auth, resp.Status)
			}
		}
	}
	s.silent()
}

func mistakesAreRefused(s *scene) {
	st := s.alone()
	st.writeRoutes(strings.NewReplacer("public: true, upstream: legacy", "pubilc: true, upstream: legacy", `require: { scopes: ["c:admin"] }`, `require: { scopes: ["c:amdin"] }`).Replace(standardsRoutes))
	status, out := st.ask(s.T, "POST", "/reload", nil)
	problems, _ := json.Marshal(out["problems"])
	if status != 422 || !strings.Contains(string(problems), "pubilc") || !strings.Contains(string(problems), "c:amdin") || !strings.Contains(string(problems), `"line":`) {
		s.Errorf("%d %v", status, out)
	}
	st.want(st.get("/public/x", ""), 200, "")
	for _, name := range []string{"admin.token", "hash.keys", "admin.sock"} {
		info, err := os.Stat(filepath.Join(st.session.dir, "data", name))
		if err != nil || info.Mode().Perm() != 0o600 {
			s.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

func secretsStay(s *scene) {
	token, err := os.ReadFile(filepath.Join(s.session.dir, "data", "admin.token"))
	if err != nil {
		s.Fatal(err)
	}
	secret := strings.TrimSpace(string(token))
	if s.T.Failed() || len(secret) < 40 {
		s.Fatal("no admin token")
	}
	_, status := s.ask(s.T, "GET", "/status", nil)
	_, keys := s.ask(s.T, "GET", "/keys", nil)
	if holds(status, secret) || holds(keys, secret) || strings.Contains(s.logs(), secret) || strings.Contains(s.scrape("").body, secret) {
		s.Error("the admin token is shown")
	}
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.server.cmd.Process.Pid))
	if err == nil && strings.Contains(string(commandLine), secret) {
		s.Error("the admin token is in the command line")
	}
}

func auditLines(s *scene) {
	s.change(s.T, "POST", "/clients/"+s.client().id+"/disable", nil)
	s.want(s.post("/oauth/token", s.client(), "grant_type", "client_credentials"), 401, "invalid_client")
	s.get("/none/%0a%22"+s.tag, "", "X-Request-Id: x\ty")
	lines := func() (disabled, refused bool) {
		for line := range strings.Lines(s.logs()) {
			if !strings.HasPrefix(line, "{") || !json.Valid([]byte(line)) {
				if strings.Contains(line, s.tag) || strings.Contains(line, s.client().id) {
					s.Errorf("a line that is none: %q", line)
				}
				continue
			}
			mine := strings.Contains(line, s.client().id)
			disabled = disabled || mine && strings.Contains(line, `"actor":"admin:socket"`) && strings.Contains(line, "disabled")
			refused = refused || strings.Contains(line, "oauth request refused") && strings.Contains(line, "client is not active")
		}
		return disabled, refused
	}
	s.poll(func() bool {
		disabled, refused := lines()
		return disabled && refused
	})
	if strings.Contains(s.logs(), s.client().secret) {
		s.Error("the log holds the secret")
	}
}
