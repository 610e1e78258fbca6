package badgerstore_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

func TestTheLedgerVouchesForTheNewestTransaction(t *testing.T) {
	for name, durability := range map[string]badgerstore.Durability{"sync": badgerstore.Sync, "relaxed": badgerstore.Relaxed} {
		t.Run(name, func(t *testing.T) {
			opt := options(t.TempDir())
			opt.TokenDurability = durability
			s := openWith(t, opt)
			agree := func(after string) {
				t.Helper()
				noted, newest, err := s.Versions(t.Context())
				if durability == badgerstore.Relaxed && noted < newest {
					noted++ // the clock, which was noted after the sync
				}
				if err != nil || noted != newest || noted == 0 {
					t.Errorf("after %s the ledger vouches for %d, the newest is %d (%v)", after, noted, newest, err)
				}
			}
			register(t, s)
			agree("a client")
			tok := sample(1, storetest.Now().Add(time.Hour))
			for range 3 {
				issue(t, s, tok)
				revoke(t, s, tok) // the second time it writes nothing
				agree("a revocation")
			}
			issueMany(t, s, 1000, storetest.Now().Add(time.Hour))
			tend(t, s, storetest.Now()) // relaxed tokens are synced
			agree("tokens")
			if err := s.PutEntries(t.Context(), "hook:crm", []authz.Entry{{Key: "place", Value: []byte("1")}}); err != nil {
				t.Fatal(err)
			}
			tend(t, s, storetest.Now())
			agree("an entry")
		})
	}
}

// A destroyed log costs tokens that no control change follows. That is told,
// once, and the check of the directory tells it without changing anything.
func TestTokensThatALogLostAreTold(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	register(t, s)
	kept, gone := sample(1, storetest.Now().Add(time.Hour)), sample(2, storetest.Now().Add(time.Hour))
	revoke(t, s, sample(3, storetest.Now().Add(time.Hour)))
	issue(t, s, kept)
	issue(t, s, gone)
	crashed := copied(t, dir)
	damageKey(t, one(t, crashed, "*.mem"), badgerstore.TokenKey(gone.Key))
	for range 2 {
		report, err := badgerstore.CheckDir(t.Context(), checkOptions(crashed))
		if err != nil || report.LostWrites != 1 || report.Tokens != 1 || len(report.Problems) > 0 {
			t.Errorf("CheckDir = %+v, %v", report, err)
		}
	}
	var log bytes.Buffer
	opt := options(crashed)
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	again, err := badgerstore.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if n := again.LostWrites(); n != 1 || !strings.Contains(log.String(), "has lost its end") {
		t.Errorf("%d groups are said to be lost; the log says:\n%s", n, log.String())
	}
	if _, err := again.Token(t.Context(), kept.Key); err != nil {
		t.Errorf("Token: %v", err)
	}
	closed(t, again)
	openWith(t, options(crashed)) // which says nothing of it any more
}

// Whatever leaves the store for good is no loss: expired hours, and entries
// that were taken out.
func TestWhatWasRemovedIsNotLost(t *testing.T) {
	dir := t.TempDir()
	now := storetest.Now()
	opt := options(dir)
	opt.Now = func() time.Time { return now }
	s := openWith(t, opt)
	if err := s.PutEntries(t.Context(), "hook:crm", []authz.Entry{{Key: "place", Value: []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	issueMany(t, s, 5000, now.Add(time.Hour))
	now = now.Add(3 * time.Hour)
	tend(t, s, now)
	if r, err := s.CheckAll(t.Context()); err != nil || r.Tokens != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := s.PutEntries(t.Context(), "hook:crm", []authz.Entry{{Key: "place"}}); err != nil {
		t.Fatal(err)
	}
	crashed := filepath.Join(t.TempDir(), "crashed")
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		opt := options(crashed)
		opt.Now = func() time.Time { return now }
		closed(t, openWith(t, opt))
	}
}
