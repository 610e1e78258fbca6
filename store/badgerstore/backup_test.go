package badgerstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

func backup(t testing.TB, s *badgerstore.Store) ([]byte, badgerstore.BackupInfo) {
	t.Helper()
	var b bytes.Buffer
	info, err := s.Backup(t.Context(), &b)
	if err != nil {
		t.Fatalf("Backup: %v", err)
	}
	if info.Bytes != int64(b.Len()) {
		t.Errorf("%d bytes were written, %d reported", b.Len(), info.Bytes)
	}
	return b.Bytes(), info
}

func TestRestoredStoreIsTheOneBackedUp(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	c := register(t, s)
	end := storetest.Now().Add(time.Hour)
	issueMany(t, s, 5_000, end)
	tok, expired := sample(1, end), sample(1, storetest.Now().Add(-10*time.Minute))
	expired.Key.Hash[5] = 9
	issue(t, s, expired)
	revoke(t, s, tok)
	stream, info := backup(t, s)
	if info.LastSeq != 2 || info.Clients != 1 || !info.CreatedAt.Equal(storetest.Now()) {
		t.Errorf("info = %+v", info)
	}
	want, err := s.Dump(t.Context())
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}

	dir := filepath.Join(t.TempDir(), "store")
	var done, verified int64
	if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, func(bytes, records int64) { done, verified = bytes, records }); err != nil {
		t.Fatalf("Restore: %v", err)
	}
	if done != int64(len(stream)) || verified < info.Records {
		t.Errorf("progress ended at %d of %d bytes, %d of %d records", done, len(stream), verified, info.Records)
	}
	r := openWith(t, options(dir))
	if got, err := r.Token(t.Context(), tok.Key); err != nil || !got.Revoked {
		t.Errorf("a revoked token = %+v, %v", got, err)
	}
	if got, err := r.Token(t.Context(), expired.Key); err == nil && storetest.Now().Before(got.ExpiresAt) {
		t.Errorf("an expired token lives until %s", got.ExpiresAt)
	}
	if got, err := r.Client(t.Context(), c.ID); err != nil || got.Version != c.Version || got.Secrets[0] != c.Secrets[0] {
		t.Errorf("Client = %+v, %v", got, err)
	}
	got, err := r.Dump(t.Context())
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	if got != want {
		t.Error("the records of the restored store differ")
	}
	revoke(t, r, tok)
	if seq, err := r.LastSeq(t.Context()); err != nil || seq != 2 {
		t.Errorf("LastSeq = %d, %v after a repeated revocation, want 2", seq, err)
	}
	if _, err := r.PutClient(t.Context(), c, authz.Change{Kind: authz.EventClientUpdated, At: storetest.Now()}); err != nil {
		t.Errorf("PutClient: %v", err)
	}
}

func TestExpiredHoursAreNotBackedUp(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	issueMany(t, s, 100, storetest.Now().Add(-2*time.Hour))
	_, info := backup(t, s)
	if info.Records > 10 {
		t.Errorf("%d records of a store whose tokens have expired", info.Records)
	}
}

func TestSpoiltBackupRestoresNothing(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	issueMany(t, s, 20, storetest.Now().Add(time.Hour))
	whole, _ := backup(t, s)
	flipped := func(at int) []byte { b := bytes.Clone(whole); b[at] ^= 1; return b }
	cases := map[string][]byte{
		"empty":             nil,
		"another file":      []byte("PK\x03\x04 something else"),
		"cut in the magic":  whole[:5],
		"cut in the middle": whole[:len(whole)/2],
		"without its sum":   whole[:len(whole)-32],
		"cut by a byte":     whole[:len(whole)-1],
		"with more behind":  append(bytes.Clone(whole), 0),
		"twice":             append(bytes.Clone(whole), whole...),
		"bit in the magic":  flipped(1),
		"bit in the header": flipped(25),
		"bit in the middle": flipped(len(whole) / 2),
		"bit in the sum":    flipped(len(whole) - 1),
		"newer layout":      regexp.MustCompile(`"schema":\d`).ReplaceAll(whole, []byte(`"schema":9`)),
		"fewer clients":     bytes.Replace(whole, []byte(`"clients":1`), []byte(`"clients":7`), 1),
	}
	for name, stream := range cases {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "store")
			if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil); err == nil {
				t.Error("it was restored")
			}
			if entries, err := os.ReadDir(parent); err != nil || len(entries) != 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestRestoreNeedsAnEmptyDirectory(t *testing.T) {
	stream, _ := backup(t, openWith(t, options(t.TempDir())))
	dir := filled(t)
	err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil)
	if err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("Restore = %v, want a refusal", err)
	}
	if r, err := openWith(t, options(dir)).CheckAll(t.Context()); err != nil || r.Tokens != 50 {
		t.Errorf("the store that was there = %+v, %v", r, err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatalf("Mkdir: %v", err)
	}
	if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), empty, nil); err != nil {
		t.Errorf("Restore into an empty directory: %v", err)
	}
}

func TestBackupIsOneInstantUnderWrites(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	issueMany(t, s, 2_000, storetest.Now().Add(time.Hour))
	stop := issueAndRevoke(t, s)
	for range 3 {
		stream, info := backup(t, s)
		dir := filepath.Join(t.TempDir(), "store")
		if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil); err != nil {
			t.Fatalf("Restore: %v", err)
		}
		r := openWith(t, options(dir))
		report, err := r.CheckAll(t.Context())
		if err != nil || report.LastSeq != info.LastSeq || report.Revocations != int64(info.LastSeq)-1 {
			t.Errorf("CheckAll = %+v, %v; want everything up to event %d", report, err, info.LastSeq)
		}
		closed(t, r)
	}
	stop()
}

// slowReader stands for a peer that reads a backup slowly: each write waits.
type slowReader struct {
	arrived chan struct{}
	goOn    chan struct{}
}

func (w *slowReader) Write(b []byte) (int, error) {
	select {
	case w.arrived <- struct{}{}:
	default:
	}
	<-w.goOn
	return len(b), nil
}

func TestSlowBackupHoldsNothingUp(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	issueMany(t, s, 20_000, storetest.Now().Add(time.Hour))
	w := &slowReader{arrived: make(chan struct{}, 1), goOn: make(chan struct{})}
	result := make(chan error, 1)
	go func() {
		_, err := s.Backup(t.Context(), w)
		result <- err
	}()
	<-w.arrived
	register(t, s)
	closed(t, s)
	close(w.goOn)
	if err := <-result; !errors.Is(err, authz.ErrClosed) {
		t.Errorf("Backup = %v of a store that was closed meanwhile, want ErrClosed", err)
	}
}

func TestBackupEndsWithItsContextAndItsReader(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Backup(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("Backup = %v, want the context's error", err)
	}
	r, w := io.Pipe()
	gone := errors.New("the peer has gone")
	r.CloseWithError(gone)
	if _, err := s.Backup(t.Context(), w); !errors.Is(err, gone) {
		t.Errorf("Backup = %v, want the writer's error", err)
	}
}

// The clock is noted once a minute. What expired between the last note and the
// backup stays expired where it is restored, though the clock there be wrong.
func TestABackupHoldsTheTimeOfItsInstant(t *testing.T) {
	now := storetest.Now()
	opt := options(t.TempDir())
	opt.Now = func() time.Time { return now }
	s := openWith(t, opt)
	now = now.Add(50 * time.Second)
	stream, info := backup(t, s)
	dir := filepath.Join(t.TempDir(), "store")
	if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil); err != nil {
		t.Fatal(err)
	}
	behind := options(dir)
	behind.Now = func() time.Time { return now.Add(-time.Hour) }
	if got := openWith(t, behind).ClockSeen(); !got.Equal(now) || !info.CreatedAt.Equal(now) {
		t.Errorf("the restored store has seen %s, the backup is of %s; want %s", got, info.CreatedAt, now)
	}
}
