package storetest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"scopegate/authz"
)

// OpenDir opens the store that lives in a directory, and makes it if it is
// empty.
type OpenDir func(t testing.TB, dir string) authz.Store

// childDir names the environment variable that turns a test process into the
// writer that is killed.
const childDir = "STORETEST_CHILD_DIR"

// RunDurable checks that what was acknowledged is there after the store was
// opened again, and after its process was killed. It starts the test binary
// once more, so the test that calls it must be found by its name.
func RunDurable(t *testing.T, open OpenDir) {
	if dir := os.Getenv(childDir); dir != "" {
		writeUntilKilled(t, open(t, dir))
		return
	}
	t.Run("everything is there after a reopening", func(t *testing.T) { survivesReopening(t, open) })
	name := t.Name()
	t.Run("everything acknowledged is there after a kill", func(t *testing.T) { survivesKill(t, name, open) })
}

func survivesReopening(t *testing.T, open OpenDir) {
	dir := t.TempDir()
	s := open(t, dir)
	c := put(t, s, client(1))
	tok, revoked := token(c.ID, 1), token(c.ID, 2)
	tok.Resources = []string{"https://api.example"}
	putToken(t, s, tok)
	putToken(t, s, revoked)
	revoke(t, s, revoked)
	use := authz.Use{Client: c.ID, At: Now().Add(time.Minute)}
	if err := s.TouchClients(t.Context(), []authz.Use{use}); err != nil {
		t.Fatalf("TouchClients: %v", err)
	}
	c.LastUsedAt = use.At
	entries := []authz.Entry{{Key: "held/1", Value: []byte("one")}, {Key: "place", Value: []byte("two")}}
	putEntries(t, s, "hook:a", entries...)
	putUsage(t, s, usage(c.ID))
	events := allEvents(t, s)
	for range 3 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		s = open(t, dir)
		diff(t, "client", c, get(t, s, c.ID))
		diff(t, "usage", []authz.Usage{usage(c.ID)}, usages(t, s, "", 10))
		diff(t, "token", tok, getToken(t, s, tok.Key))
		if !getToken(t, s, revoked.Key).Revoked {
			t.Error("a revoked token came back")
		}
		diff(t, "events", events, allEvents(t, s))
		diff(t, "entries", entries, entriesOf(t, s, "hook:a", "", "", 10))
	}
	revoke(t, s, revoked)
	if seq := lastSeq(t, s); seq != 2 {
		t.Errorf("LastSeq is %d after a repeated revocation, want 2", seq)
	}
	if next := put(t, s, client(2)); next.Version != 1 || lastSeq(t, s) != 3 {
		t.Errorf("the next change stands at %d", lastSeq(t, s))
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// writeUntilKilled prints one line for each acknowledged write.
func writeUntilKilled(t *testing.T, s authz.Store) {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(os.Stdout, "\nack "+format+"\n", args...)
	}
	together(func(w int) {
		for n := range 1_000_000 {
			id := w*1_000_000 + n
			if err := s.PutToken(t.Context(), token(clientID(w), n)); err != nil {
				t.Errorf("PutToken: %v", err)
				return
			}
			say("token %d %d", w, n)
			if n%8 == 0 {
				if _, err := s.PutClient(t.Context(), client(id), change(authz.EventClientCreated)); err != nil {
					t.Errorf("PutClient: %v", err)
					return
				}
				say("client %d", id)
			}
			if n%8 == 1 {
				if err := s.RevokeToken(t.Context(), token(clientID(w), n), change(authz.EventTokenRevoked)); err != nil {
					t.Errorf("RevokeToken: %v", err)
					return
				}
				say("revoked %d %d", w, n)
			}
		}
	})
}

func survivesKill(t *testing.T, name string, open OpenDir) {
	dir := t.TempDir()
	acks := killedAfter(t, name, dir, 2000)
	s := open(t, dir)
	defer func() { _ = s.Close() }()
	kinds := map[string]int{}
	for _, ack := range acks {
		var kind string
		var a, b int
		if n, _ := fmt.Sscanf(ack, "ack %s %d %d", &kind, &a, &b); n < 2 {
			continue // the line that the kill cut
		}
		kinds[kind]++
		switch kind {
		case "client":
			get(t, s, clientID(a))
		case "token":
			getToken(t, s, token(clientID(a), b).Key)
		case "revoked":
			if !getToken(t, s, token(clientID(a), b).Key).Revoked {
				t.Errorf("an acknowledged revocation is gone: %s", ack)
			}
		}
	}
	if kinds["client"] == 0 || kinds["token"] == 0 || kinds["revoked"] == 0 {
		t.Errorf("the child acknowledged too little: %v", kinds)
	}
	if n := len(allEvents(t, s)); n < kinds["client"]+kinds["revoked"] {
		t.Errorf("%d events for %v", n, kinds)
	}
	put(t, s, client(999_999_999))
}

// killedAfter runs the writer in a process of its own, kills it after so many
// acknowledged writes, and returns their lines.
func killedAfter(t *testing.T, name, dir string, enough int) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatalf("find the test binary: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+name+"$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("pipe: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the child: %v", err)
	}
	var acks, other []string
	lines := bufio.NewScanner(out)
	killed := false
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "ack "):
			acks = append(acks, line)
		case line != "":
			other = append(other, line)
		}
		if len(acks) >= enough && !killed {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				t.Fatalf("kill: %v", err)
			}
		}
	}
	_ = cmd.Wait() // it was killed: there is nothing to learn
	if !killed {
		t.Fatalf("the child ended on its own after %d writes:\n%s", len(acks), strings.Join(other, "\n"))
	}
	return acks
}
