package badgerstore

import (
	"sync"
	"sync/atomic"

	"scopegate/authz"
)

// durable says what of the control changes is on disk. Badger shows a
// transaction as soon as it is committed, which is before it is synced: who
// acted on what it shows, or answered "it is so already", would tell what a
// power cut can still take back. So readers are shown the state before, until
// the sync is done, and go on with it if the sync fails.
//
// Only the committer writes to it. Readers wait for nothing.
type durable struct {
	last atomic.Uint64 // the position of the newest event that is on disk

	mu     sync.RWMutex
	before map[clientKey]*authz.Client // as on disk, of clients whose change is not; nil: not registered
}

// seq returns the position of the newest event that is on disk, of a log that
// a transaction sees to end at last.
func (d *durable) seq(last authz.Seq) authz.Seq {
	return min(last, authz.Seq(d.last.Load()))
}

// client returns the client as it is on disk, given what a transaction found
// (nil: nothing). It has to be asked after the transaction was.
func (d *durable) client(key clientKey, found *authz.Client) *authz.Client {
	d.mu.RLock()
	defer d.mu.RUnlock()
	before, changing := d.before[key]
	switch {
	case !changing:
		return found
	case before == nil:
		return nil
	}
	c := before.Clone()
	return &c
}

// begin takes in how the clients were that a batch is about to change.
func (d *durable) begin(before map[clientKey]*authz.Client) {
	if len(before) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = before
}

// reach says that all events up to last, and what they changed, are on disk.
func (d *durable) reach(last authz.Seq) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = nil
	d.last.Store(uint64(last))
}
