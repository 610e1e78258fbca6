package badgerstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/live"
	"scopegate/store/storetest"
)

// slowDisk holds up the syncs of a store.
type slowDisk struct {
	held    atomic.Bool
	arrived chan struct{} // one for each sync that is held
	goOn    chan error    // what becomes of it
}

func newSlowDisk() *slowDisk {
	return &slowDisk{arrived: make(chan struct{}), goOn: make(chan error)}
}

func (d *slowDisk) sync() error {
	if !d.held.Load() {
		return nil
	}
	d.arrived <- struct{}{}
	return <-d.goOn
}

// holding begins a write and returns once its sync is held; end lets it go.
func (d *slowDisk) holding(write func() error) (end func(error) error) {
	d.held.Store(true)
	result := make(chan error, 1)
	go func() { result <- write() }()
	<-d.arrived
	return func(err error) error {
		d.held.Store(false)
		d.goOn <- err
		return <-result
	}
}

// sees is what readers are shown of the worker and the control log.
func sees(t *testing.T, s *badgerstore.Store, version uint64, status authz.Status, last authz.Seq) {
	t.Helper()
	if c, err := s.Client(t.Context(), worker); err != nil || c.Version != version || c.Status != status {
		t.Errorf("Client = version %d, %s, %v; want %d, %s", c.Version, c.Status, err, version, status)
	}
	page, err := s.Clients(t.Context(), authz.ClientQuery{Status: status})
	if err != nil || len(page.Clients) != 1 || page.Clients[0].Version != version {
		t.Errorf("Clients = %+v, %v; want version %d", page.Clients, err, version)
	}
	if seq, err := s.LastSeq(t.Context()); err != nil || seq != last {
		t.Errorf("LastSeq = %d, %v; want %d", seq, err, last)
	}
	if events, err := s.Events(t.Context(), 0, 10); err != nil || len(events) != int(last) {
		t.Errorf("Events = %+v, %v; want %d", events, err, last)
	}
}

func disable(ctx context.Context, s authz.Store, c authz.Client) error {
	c.Status, c.Generation = authz.StatusDisabled, c.Generation+1
	_, err := s.PutClient(ctx, c, authz.Change{Kind: authz.EventClientDisabled, At: storetest.Now(), Actor: "admin:socket"})
	return err
}

func TestReadersAreShownWhatIsOnDisk(t *testing.T) {
	disk := newSlowDisk()
	s := openWith(t, options(t.TempDir()).Syncing(disk.sync))
	c := register(t, s)
	end := disk.holding(func() error { return disable(t.Context(), s, c) })
	sees(t, s, 1, authz.StatusActive, 1)
	if err := end(nil); err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	sees(t, s, 2, authz.StatusDisabled, 2)

	another := c.Clone()
	another.ID, another.Version = "ffffffff-ffff-4fff-bfff-ffffffffffff", 0
	end = disk.holding(func() error {
		_, err := s.PutClient(t.Context(), another, authz.Change{Kind: authz.EventClientCreated})
		return err
	})
	if _, err := s.Client(t.Context(), another.ID); !errors.Is(err, authz.ErrNotFound) {
		t.Errorf("Client = %v before the client is on disk, want ErrNotFound", err)
	}
	sees(t, s, 2, authz.StatusDisabled, 2)
	if err := end(nil); err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	if _, err := s.Client(t.Context(), another.ID); err != nil {
		t.Errorf("Client: %v", err)
	}
}

// A failed sync acknowledges nothing, so nothing that follows may take it for
// done: not a reader, and not a caller that asks again. What is on disk is known
// once the engine was opened again.
func TestAChangeWhoseSyncFailedIsNotShownUntilItIsOnDisk(t *testing.T) {
	disk := newSlowDisk()
	s := openWith(t, options(t.TempDir()).Syncing(disk.sync))
	c := register(t, s)
	end := disk.holding(func() error { return disable(t.Context(), s, c) })
	if err := end(errors.New("EIO")); !errors.Is(err, authz.ErrUnavailable) {
		t.Fatalf("PutClient = %v, want ErrUnavailable", err)
	}
	sees(t, s, 1, authz.StatusActive, 1)
	if err := disable(t.Context(), s, c); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("PutClient again = %v, want ErrUnavailable", err)
	}
	tend(t, s, storetest.Now())
	sees(t, s, 2, authz.StatusDisabled, 2)
	if logs := logsOf(t, s); len(logs) != 1 {
		t.Errorf("%d logs are left: what failed to be synced was to be written anew", len(logs))
	}
}

// logsOf lists the write-ahead logs that hold something.
func logsOf(t *testing.T, s *badgerstore.Store) (logs []string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(s.Dir(), "*.mem"))
	if err != nil {
		t.Fatal(err)
	}
	return logs
}

// Two administrators disable a client at the same moment: the second must not
// be told that it is done before the first one's change is on disk.
func TestARepeatedChangeIsNotAnsweredBeforeTheFirstIsOnDisk(t *testing.T) {
	disk := newSlowDisk()
	engine := openWith(t, options(t.TempDir()).Syncing(disk.sync))
	view, err := live.Open(t.Context(), engine, live.Options{Now: storetest.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = view.Close() })
	c := register(t, engine)
	if _, err := view.LastSeq(t.Context()); err != nil { // the view follows
		t.Fatal(err)
	}
	registry := &authz.Registry{Store: view, Now: storetest.Now}
	disableOnce := func() error {
		_, err := registry.Disable(t.Context(), c.ID, authz.By{Actor: "admin:socket"})
		return err
	}
	end := disk.holding(disableOnce)
	// Whoever reads the log now, as a webhook does, must not teach the view what
	// the second call is then answered from.
	if events, err := view.Events(t.Context(), 0, 10); err != nil || len(events) != 1 {
		t.Errorf("Events = %+v, %v before the change is on disk", events, err)
	}
	if c, err := view.Client(t.Context(), c.ID); err != nil || c.Status != authz.StatusActive {
		t.Errorf("Client is %s, %v before the change is on disk: the second call would be answered at once", c.Status, err)
	}
	second := make(chan error, 1)
	go func() { second <- disableOnce() }()
	if err := errors.Join(end(nil), <-second); err != nil {
		t.Error(err)
	}
	if seq, err := view.LastSeq(t.Context()); err != nil || seq != 2 {
		t.Errorf("LastSeq = %d, %v; want 2: the second call changed nothing", seq, err)
	}
}

// The process ended between a commit and its sync: the log holds a change that
// the ledger does not vouch for.
func TestAChangeBeyondTheLedgerIsWrittenAnewWhenTheStoreIsOpened(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	c := register(t, s)
	before, err := os.ReadFile(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	if err := disable(t.Context(), s, c); err != nil {
		t.Fatal(err)
	}
	crashed := copied(t, dir)
	damage(t, filepath.Join(crashed, "ledger"), func([]byte) []byte { return before })
	again := openWith(t, options(crashed))
	sees(t, again, 2, authz.StatusDisabled, 2)
	if ledger, err := os.ReadFile(filepath.Join(crashed, "ledger")); err != nil || string(ledger) == string(before) {
		t.Errorf("the ledger does not vouch for what is shown (%v)", err)
	}
	if logs := logsOf(t, again); len(logs) != 1 {
		t.Errorf("%d logs are left, want the new one", len(logs))
	}
}
