// Package badgerstore is the embedded store: authz.Store on Badger, the only
// importer of it.
//
// It owns the directory: its lock, its modes, the layout of its keys, the
// group commit, the sweeping of expired hours, the disk reserve, backup and
// restore. It refuses to know HTTP, routes and metrics: whoever wants numbers
// gives it functions to call.
//
// What a nil error of a write means: the record is in the write-ahead log and
// the log was synced (msync), unless it is a token and the durability is
// Relaxed. Nothing is decided by Badger's TTL or by the absence of a deleted
// key: expiry, status, generation and revocation are fields that are checked
// on use (badger issues 2143, 2286 and 2138 are why).
//
// How it writes: one goroutine, the committer, owns all changes. It puts
// whatever waits into one transaction, syncs once, and answers everybody,
// while the next group gathers. So compare-and-swap and contiguous positions
// need no lock, and a sync is shared by up to 256 tokens.
//
// What it serves: the contract of authz.Store. RFC 6749 and RFC 7009 leave
// storing to the server.
package badgerstore
