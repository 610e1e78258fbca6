package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scopegate/authz"
	"scopegate/store"
	"scopegate/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

func open(t testing.TB, url string, o store.Options) *store.Store {
	t.Helper()
	if o.Wall == nil {
		o.Wall = storetest.Now
	}
	o.DiskReserve = -1
	s, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if n := s.LostWrites(); n != 0 {
		t.Errorf("%d groups of writes are said to be lost", n)
	}
	return s
}

func embedded(t testing.TB) authz.Store {
	return open(t, filepath.Join(t.TempDir(), "store"), store.Options{})
}

func TestConformanceOfTheEmbeddedStore(t *testing.T) { storetest.Run(t, embedded) }

func TestConformanceOfTheEmbeddedStoreUnderConcurrency(t *testing.T) {
	storetest.RunConcurrent(t, embedded)
}

func TestConformanceOfTheStoreInMemory(t *testing.T) {
	storetest.Run(t, func(t testing.TB) authz.Store { return open(t, "memory:", store.Options{}) })
}

const id authz.ClientID = "7f0c0000-0000-4000-8000-000000000001"

func change(kind authz.EventKind) authz.Change {
	return authz.Change{Kind: kind, At: storetest.Now(), Actor: "system"}
}

func putClient(t *testing.T, s *store.Store) authz.Client {
	t.Helper()
	c, err := s.PutClient(t.Context(), authz.Client{
		ID: id, Name: "Data Sync Worker", AllowedGrants: []authz.GrantType{authz.GrantClientCredentials},
		AllowedScopes: authz.NewScopeSet("invoices.read"), Confidential: true,
		Status: authz.StatusActive, Generation: 1, CreatedAt: storetest.Now(),
	}, change(authz.EventClientCreated))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func token(i int) authz.AccessToken {
	end := storetest.Now().Add(time.Hour)
	return authz.AccessToken{
		Key:      authz.TokenKey{Hour: authz.HourOf(end), Hash: sha256.Sum256(fmt.Appendf(nil, "token %d", i))},
		ClientID: id, Generation: 1, Grant: authz.GrantClientCredentials, Scopes: authz.NewScopeSet("invoices.read"),
		IssuedAt: storetest.Now(), ExpiresAt: end,
	}
}

// furnish puts a client with three tokens, the first of them revoked.
func furnish(t *testing.T, s *store.Store) {
	t.Helper()
	putClient(t, s)
	for i := range 3 {
		if err := s.PutToken(t.Context(), token(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RevokeToken(t.Context(), token(0), change(authz.EventTokenRevoked)); err != nil {
		t.Fatal(err)
	}
	s.Meter(id).Request(storetest.Now().Unix())
	s.Meter(id).Use("invoices.read", storetest.Now().Unix())
	if err := s.FlushUsage(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// isFurnished checks what furnish made, as the road sees it.
func isFurnished(t *testing.T, s *store.Store) {
	t.Helper()
	a := &authz.Authorizer{Tokens: s, Now: s.Clock.Now}
	want := []authz.Reason{authz.ReasonRevokedToken, authz.ReasonAllowed, authz.ReasonAllowed, authz.ReasonUnknownToken}
	for i, want := range want {
		if _, got, err := a.Identify(t.Context(), token(i).Key, ""); got != want {
			t.Errorf("token %d is %s (%v), want %s", i, got, err, want)
		}
	}
	if c, err := s.Client(t.Context(), id); err != nil || c.Name != "Data Sync Worker" {
		t.Errorf("client is %q (%v)", c.Name, err)
	}
}

func TestWhatWasAcknowledgedIsThereAfterARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := open(t, dir, store.Options{})
	furnish(t, s)
	isFurnished(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, "badger://"+dir, store.Options{})
	isFurnished(t, s)
	if n := s.DiskBytes(); n <= 0 {
		t.Errorf("the store takes %d bytes on disk", n)
	}
	report, err := s.CheckAll(t.Context())
	if err != nil || report.Clients != 1 || report.Tokens != 3 || report.Revocations != 1 {
		t.Errorf("check: %+v, %v", report, err)
	}
}

// The machine was restarted with its clock years behind: expired tokens must
// not come back to life.
func TestTheClockDoesNotStepBehindWhatTheStoreHasSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	wall := storetest.Now()
	s := open(t, dir, store.Options{Wall: func() time.Time { return wall }})
	furnish(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	back := wall.Add(-20 * time.Hour)
	s = open(t, dir, store.Options{Wall: func() time.Time { return back }})
	if got := s.Clock.Now(); got.Before(wall) {
		t.Errorf("the clock says %s, though the store has seen %s", got, wall)
	}
	if got := s.Clock.Behind(); got < 20*time.Hour || got > 21*time.Hour {
		t.Errorf("the wall clock is said to be %s behind, want 20h", got)
	}
}

func TestABackupIsRestored(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store"), store.Options{})
	furnish(t, s)
	var copied bytes.Buffer
	info, err := s.Backup(t.Context(), &copied)
	if err != nil || info.Clients != 1 {
		t.Fatalf("backup: %+v, %v", info, err)
	}
	verified, err := store.VerifyBackup(bytes.NewReader(copied.Bytes()))
	if err != nil || verified.LastSeq != info.LastSeq || verified.Bytes != int64(copied.Len()) || verified.Records == 0 {
		t.Errorf("verify: %+v, %v", verified, err)
	}
	for _, n := range []int{0, 10, copied.Len() / 2, copied.Len() - 1} {
		if _, err := store.VerifyBackup(bytes.NewReader(copied.Bytes()[:n])); err == nil {
			t.Errorf("a backup cut to %d bytes is said to be whole", n)
		}
	}
	spoiled := bytes.Clone(copied.Bytes())
	spoiled[len(spoiled)/2] ^= 1
	if _, err := store.VerifyBackup(bytes.NewReader(spoiled)); err == nil {
		t.Error("a backup with a changed bit is said to be whole")
	}
	dir := filepath.Join(t.TempDir(), "restored")
	if err := store.Restore(t.Context(), &copied, dir, nil); err != nil {
		t.Fatal(err)
	}
	isFurnished(t, open(t, dir, store.Options{}))
}

func TestAStoreInMemoryHasNothingToCopy(t *testing.T) {
	s := open(t, "memory:", store.Options{})
	furnish(t, s)
	isFurnished(t, s)
	if _, err := s.Backup(t.Context(), &bytes.Buffer{}); !errors.Is(err, store.ErrNoDisk) {
		t.Errorf("backup: %v, want ErrNoDisk", err)
	}
	if _, err := s.CheckAll(t.Context()); !errors.Is(err, store.ErrNoDisk) {
		t.Errorf("check: %v, want ErrNoDisk", err)
	}
	if n := s.DiskBytes(); n != 0 {
		t.Errorf("it takes %d bytes on disk", n)
	}
}

func TestWritesAreTold(t *testing.T) {
	var records atomic.Int64
	s := open(t, filepath.Join(t.TempDir(), "store"), store.Options{
		RelaxedTokens: true, OnWrite: func(_ time.Duration, n int) { records.Add(int64(n)) },
	})
	furnish(t, s)
	if err := s.Close(); err != nil { // which waits for the committer, that tells after it answered
		t.Fatal(err)
	}
	if n := records.Load(); n < 5 {
		t.Errorf("%d records were told of, want 5 at least", n)
	}
}

func TestOpenRefusesOtherURLs(t *testing.T) {
	for url, want := range map[string]string{
		"":                             "is empty",
		"redis://10.0.0.1:6379/0":      `unknown scheme "redis"`,
		"postgres://u:hunter2@db/gate": `unknown scheme "postgres"`,
		"memory:///data":               `unknown scheme "memory"`,
		"badger:data":                  "no absolute path",
		"badger://data/store":          "no absolute path",
		"badger://":                    "no absolute path",
		"badger:///data?sync=false":    "neither user, query nor fragment",
		"badger://me@/data":            "neither user, query nor fragment",
		"badger:///%zz":                "cannot be read",
		"x://u:hunter2@%zz":            "cannot be read",
	} {
		t.Chdir(t.TempDir()) // where a path would be made
		s, err := store.Open(t.Context(), url, store.Options{})
		if err == nil {
			t.Errorf("%q was opened", url)
			_ = s.Close()
			continue
		}
		if msg := err.Error(); !strings.Contains(msg, want) || strings.Contains(msg, "hunter2") {
			t.Errorf("%q: %q, want something about %q and no password", url, msg, want)
		}
	}
}

func TestOpenLetsGoOfTheDirectoryWhenItFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	o := store.Options{Wall: storetest.Now, DiskReserve: -1, TokenMemory: -1}
	if _, err := store.Open(t.Context(), dir, o); err == nil {
		t.Fatal("opened with a negative budget")
	}
	open(t, dir, store.Options{})
}
