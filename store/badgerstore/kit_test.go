package badgerstore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// options are those of a small store that plays at the suite's time.
func options(dir string) badgerstore.Options {
	return badgerstore.Options{Dir: dir, Memory: badgerstore.MinMemory, DiskReserve: -1, Now: storetest.Now}.Untended()
}

func openWith(t testing.TB, opt badgerstore.Options) *badgerstore.Store {
	t.Helper()
	s, err := badgerstore.Open(t.Context(), opt)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if n := s.LostWrites(); n != 0 {
		t.Errorf("%d groups of writes are said to be lost", n)
	}
	return s
}

// worker is the client that register makes.
const worker = authz.ClientID("00112233-4455-4677-8899-aabbccddeeff")

// sample is a token of the worker; n makes it another.
func sample(n byte, end time.Time) authz.AccessToken {
	t := authz.AccessToken{
		ClientID: worker, Generation: 1, Grant: authz.GrantClientCredentials, Scopes: authz.NewScopeSet("invoices.read"),
		IssuedAt: storetest.Now(), ExpiresAt: end,
	}
	t.Key.Hour = authz.HourOf(end)
	t.Key.Hash[0], t.Key.Hash[31] = n, 0xff
	return t
}

func register(t testing.TB, s *badgerstore.Store) authz.Client {
	t.Helper()
	c, err := s.PutClient(t.Context(), authz.Client{
		ID: worker, Name: "Data Sync Worker", AllowedGrants: []authz.GrantType{authz.GrantClientCredentials},
		AllowedScopes: authz.NewScopeSet("invoices.read"), Confidential: true, Status: authz.StatusActive, Generation: 1,
		CreatedAt: storetest.Now(), Secrets: []authz.Secret{{ID: "s1", HashKeyID: "k1", Preview: "spocs_abcd", CreatedAt: storetest.Now()}},
	}, authz.Change{Kind: authz.EventClientCreated, At: storetest.Now(), Actor: "admin:socket"})
	if err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	return c
}

func issue(t testing.TB, s *badgerstore.Store, tok authz.AccessToken) {
	t.Helper()
	if err := s.PutToken(t.Context(), tok); err != nil {
		t.Fatalf("PutToken: %v", err)
	}
}

func revoke(t testing.TB, s *badgerstore.Store, tok authz.AccessToken) {
	t.Helper()
	if err := s.RevokeToken(t.Context(), tok, authz.Change{Kind: authz.EventTokenRevoked, At: storetest.Now(), Actor: "system"}); err != nil {
		t.Fatalf("RevokeToken: %v", err)
	}
}

func closed(t testing.TB, s *badgerstore.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// issueMany stores n tokens that end at the same time.
func issueMany(t testing.TB, s *badgerstore.Store, n int, end time.Time) {
	t.Helper()
	var wg sync.WaitGroup
	const writers = 128
	for w := range writers {
		wg.Go(func() {
			for i := w; i < n; i += writers {
				tok := sample(byte(i), end)
				tok.Key.Hash[1], tok.Key.Hash[2], tok.Key.Hash[3] = byte(i>>8), byte(i>>16), byte(i>>24)
				if err := s.PutToken(t.Context(), tok); err != nil {
					t.Errorf("PutToken: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// issueAndRevoke issues tokens and revokes each, one event after the other,
// until stop is called, at the end of the test at the latest; stop waits for
// the last of them.
func issueAndRevoke(t testing.TB, s *badgerstore.Store) (stop func()) {
	t.Helper()
	var writer sync.WaitGroup
	ended := make(chan struct{})
	writer.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-ended:
				return
			default:
			}
			tok := sample(byte(n), storetest.Now().Add(2*time.Hour))
			tok.Key.Hash[1], tok.Key.Hash[2] = byte(n>>8), byte(n>>16)
			issue(t, s, tok)
			revoke(t, s, tok)
		}
	})
	stop = sync.OnceFunc(func() {
		close(ended)
		writer.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// filled makes a store with clients, tokens and a revocation in tables on
// disk, closes it and returns its directory.
func filled(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	s := openWith(t, options(dir))
	register(t, s)
	for n := range 50 {
		issue(t, s, sample(byte(n), storetest.Now().Add(time.Hour)))
	}
	revoke(t, s, sample(7, storetest.Now().Add(time.Hour)))
	closed(t, s)
	return dir
}

// copied copies a store's directory. Of one that is open it is what a crash
// leaves behind.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatalf("copy: %v", err)
	}
	return to
}

// one returns the one file that fits the pattern.
func one(t testing.TB, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no file %s in %s: %v", pattern, dir, err)
	}
	slices.Sort(found)
	return found[len(found)-1]
}

func damage(t testing.TB, path string, spoil func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("ReadFile: %v", err)
	}
	if err := os.WriteFile(path, spoil(b), 0o600); err != nil {
		t.Fatalf("WriteFile: %v", err)
	}
}

// damageKey spoils the place in a file where a key stands.
func damageKey(t testing.TB, path string, key []byte) {
	t.Helper()
	damage(t, path, func(b []byte) []byte {
		at := bytes.Index(b, key)
		if at < 0 {
			t.Fatalf("%s does not hold the key %x", path, key)
		}
		b[at+2] ^= 0x55
		return b
	})
}
