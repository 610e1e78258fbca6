package damage_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// The long form: go test -count=1 -run TestDamage ./store/damage -args -tails 4096 -flips 1000
var (
	tails = flag.Int("tails", 24, "places within the last 4,096 bytes of the newest log at which it is cut")
	flips = flag.Int("flips", 24, "bits that are flipped, one at a time, in any file")
)

// specimen is the directory of a store that crashed, with tables and a log,
// and what had been acknowledged.
type specimen struct {
	dir     string
	clients []authz.Client
	tokens  []authz.AccessToken
	revoked []bool // of the tokens
	files   []string
	content map[string][]byte
}

func change(kind authz.EventKind) authz.Change {
	return authz.Change{Kind: kind, At: storetest.Now(), Actor: "system"}
}

func token(client authz.ClientID, i int) authz.AccessToken {
	end := storetest.Now().Add(time.Hour)
	return authz.AccessToken{
		Key:      authz.TokenKey{Hour: authz.HourOf(end), Hash: sha256.Sum256(fmt.Appendf(nil, "token %d", i))},
		ClientID: client, Generation: 1, Grant: authz.GrantClientCredentials, Scopes: authz.NewScopeSet("invoices.read"),
		IssuedAt: storetest.Now(), ExpiresAt: end,
	}
}

func opened(t testing.TB, dir string) (*store.Store, error) {
	t.Helper()
	return store.Open(t.Context(), dir, store.Options{Memory: badgerstore.MinMemory, DiskReserve: -1, Wall: storetest.Now})
}

// newSpecimen writes in two lives: the first ends in tables, the second is
// copied while it runs, as a crash leaves it.
func newSpecimen(t *testing.T) *specimen {
	t.Helper()
	p := &specimen{dir: filepath.Join(t.TempDir(), "store"), content: map[string][]byte{}}
	for life := range 2 {
		s, err := opened(t, p.dir)
		if err != nil {
			t.Fatal(err)
		}
		p.live(t, s, life)
		if life == 1 {
			p.keep(t)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// live registers clients, issues, revokes, disables, narrows.
func (p *specimen) live(t *testing.T, s *store.Store, life int) {
	t.Helper()
	for n := range 8 {
		c := authz.Client{
			ID: authz.ClientID(fmt.Sprintf("7f0c0000-0000-4000-8000-%012x", life*100+n)), Name: "Data Sync Worker",
			AllowedGrants: []authz.GrantType{authz.GrantClientCredentials}, AllowedScopes: authz.NewScopeSet("invoices.read", "invoices.write"),
			Confidential: true, Status: authz.StatusActive, Generation: 1, CreatedAt: storetest.Now(),
		}
		c = put(t, s, c, authz.EventClientCreated)
		for range 40 {
			p.issue(t, s, c.ID, len(p.tokens)%2 == 0)
		}
		switch n % 3 {
		case 1:
			c.Status, c.Generation = authz.StatusDisabled, 2
			c = put(t, s, c, authz.EventClientDisabled)
		case 2:
			c.AllowedScopes = authz.NewScopeSet("invoices.write")
			c = put(t, s, c, authz.EventClientUpdated)
		}
		p.clients = append(p.clients, c)
	}
	for range 20 { // the end of the log: tokens that no control change follows
		p.issue(t, s, p.clients[len(p.clients)-2].ID, false)
	}
}

func (p *specimen) issue(t *testing.T, s *store.Store, client authz.ClientID, revoked bool) {
	t.Helper()
	tok := token(client, len(p.tokens))
	if err := s.PutToken(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	if revoked {
		if err := s.RevokeToken(t.Context(), tok, change(authz.EventTokenRevoked)); err != nil {
			t.Fatal(err)
		}
	}
	p.tokens, p.revoked = append(p.tokens, tok), append(p.revoked, revoked)
}

func put(t *testing.T, s *store.Store, c authz.Client, kind authz.EventKind) authz.Client {
	t.Helper()
	c, err := s.PutClient(t.Context(), c, change(kind))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// keep reads all files but the ballast, which holds nothing.
func (p *specimen) keep(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(p.dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if len(bytes.TrimRight(b, "\x00")) > 0 || strings.HasSuffix(e.Name(), ".vlog") {
			p.content[e.Name()] = b
			p.files = append(p.files, e.Name())
		}
	}
}

// newestLog is the last write-ahead log.
func (p *specimen) newestLog(t *testing.T) string {
	t.Helper()
	logs := slices.DeleteFunc(slices.Clone(p.files), func(f string) bool { return filepath.Ext(f) != ".mem" })
	if len(logs) == 0 {
		t.Fatal("the specimen has no log")
	}
	return slices.Max(logs)
}

// verdict is what became of one damage.
type verdict int

const (
	refused verdict = iota
	harmless
	tokensLost // tokens of the last moments, for which nobody vouches once the log is spoiled
)

// judge opens a copy whose file has the given content.
func (p *specimen) judge(t *testing.T, what, file string, spoiled []byte) verdict {
	t.Helper()
	dir := t.TempDir()
	defer func() { _ = os.RemoveAll(dir) }() // thousands of them would fill the disk
	for name, b := range p.content {
		if name == file {
			b = spoiled
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := opened(t, dir)
	if err != nil {
		for _, want := range []string{dir, "scopegate restore --from FILE --data-dir DIR"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error does not say %q: %v", what, want, err)
			}
		}
		return refused
	}
	defer func() { _ = s.Close() }() // a store with a spoiled table may not close cleanly
	result := p.compare(t, what, s)
	if result == tokensLost && s.LostWrites() == 0 {
		t.Errorf("%s: tokens were lost and nobody is told", what)
	}
	return result
}

// compare asks the store for everything that was acknowledged.
func (p *specimen) compare(t *testing.T, what string, s *store.Store) verdict {
	t.Helper()
	for _, want := range p.clients {
		c, err := s.Client(t.Context(), want.ID)
		if err != nil || c.Status != want.Status || c.Generation != want.Generation || !c.AllowedScopes.Equal(want.AllowedScopes) {
			t.Errorf("%s: client %s is %+v, %v; want %+v", what, want.ID, c, err, want)
		}
	}
	a := &authz.Authorizer{Tokens: s, Now: s.Clock.Now}
	status := map[authz.ClientID]authz.Client{}
	for _, c := range p.clients {
		status[c.ID] = c
	}
	result := harmless
	for i, tok := range p.tokens {
		principal, reason, _ := a.Identify(t.Context(), tok.Key, "")
		owner := status[tok.ClientID]
		shouldLive := !p.revoked[i] && owner.Status == authz.StatusActive
		switch {
		case reason == authz.ReasonAllowed && !shouldLive:
			t.Errorf("%s: token %d was revived", what, i)
		case reason == authz.ReasonAllowed && principal.Scopes.Len() > 0 && (!owner.AllowedScopes.HasAll(principal.Scopes) || !tok.Scopes.HasAll(principal.Scopes)):
			t.Errorf("%s: token %d opens %s", what, i, principal.Scopes)
		case reason != authz.ReasonAllowed && shouldLive:
			result = tokensLost
		}
	}
	return result
}

func TestDamageToTheNewestLogRevivesNothing(t *testing.T) {
	p := newSpecimen(t)
	file := p.newestLog(t)
	whole := p.content[file]
	end := len(bytes.TrimRight(whole, "\x00"))
	counts := map[verdict]int{}
	for n := range *tails {
		cut := max(end-1 - n*4096 / *tails, 0)
		spoiled := whole[:cut]
		if n%2 == 1 { // the file has its length, the bytes never came
			spoiled = slices.Concat(spoiled, make([]byte, len(whole)-cut))
		}
		counts[p.judge(t, fmt.Sprintf("the log cut at %d of %d", cut, end), file, spoiled)]++
	}
	t.Logf("%d cuts: %d refused, %d harmless, %d lost tokens of the last moments", *tails, counts[refused], counts[harmless], counts[tokensLost])
	if counts[refused] == 0 {
		t.Error("no cut was noticed")
	}
}

func TestDamageOfABitRevivesNothing(t *testing.T) {
	p := newSpecimen(t)
	if p.judge(t, "nothing", "", nil) != harmless {
		t.Fatal("the specimen is not whole")
	}
	r := rand.New(rand.NewPCG(1, 2))
	counts := map[verdict]int{}
	for n := range *flips {
		file := p.files[n%len(p.files)]
		spoiled := bytes.Clone(p.content[file])
		at := r.IntN(max(len(bytes.TrimRight(spoiled, "\x00")), 1))
		spoiled[at] ^= 1 << r.IntN(8)
		counts[p.judge(t, fmt.Sprintf("a bit of byte %d of %s", at, file), file, spoiled)]++
	}
	t.Logf("%d bits: %d refused, %d harmless, %d lost tokens of the last moments", *flips, counts[refused], counts[harmless], counts[tokensLost])
}
