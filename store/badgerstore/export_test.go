package badgerstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Untended leaves it to the test when the store is tended.
func (o Options) Untended() Options { o.untended = true; return o }

// Syncing calls f in place of each sync of the engine, which goes on if f
// returns nil.
func (o Options) Syncing(f func() error) Options {
	o.sync = func(db *badger.DB) error {
		if err := f(); err != nil {
			return err
		}
		return db.Sync()
	}
	return o
}

// SyncingLogs calls f before each sync of a log that is full.
func (o Options) SyncingLogs(f func(path string)) Options {
	o.syncLog = func(path string) error {
		f(path)
		return syncFile(path)
	}
	return o
}

// Dir returns the store's directory.
func (s *Store) Dir() string { return s.opt.Dir }

// Queued returns how many writes wait for the committer.
func (s *Store) Queued() int { return len(s.ops) }

// Lives returns how often the engine was opened.
func (s *Store) Lives() int {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.life
}

// Versions returns the version that the ledger vouches for and the newest one
// of the engine.
func (s *Store) Versions(ctx context.Context) (noted, newest uint64, err error) {
	err = s.exclusive(ctx, func() error {
		noted, newest = s.com.ledger.version(), s.db.MaxVersion()
		return nil
	})
	return noted, newest, err
}

// Tend does now what the committer does by itself once a second, minute and
// hour.
func (s *Store) Tend(ctx context.Context, now time.Time) error {
	return s.exclusive(ctx, func() error {
		s.com.tended = tended{}
		s.tend(now)
		return nil
	})
}

// CloseEngine takes the engine away under the store, as a failing disk does.
func (s *Store) CloseEngine(ctx context.Context) error {
	return s.exclusive(ctx, func() error { return s.db.Close() })
}

// LeaveLock frees the directory and keeps the engine, as a Close does that gave
// up waiting for it.
func (s *Store) LeaveLock() error { return s.lock.release() }

// Raw writes a record past all rules; a nil value deletes.
func (s *Store) Raw(ctx context.Context, key, value []byte) error {
	return s.exclusive(ctx, func() error {
		return s.db.Update(func(txn *badger.Txn) error {
			if value == nil {
				return txn.Delete(key)
			}
			return txn.Set(key, value)
		})
	})
}

// Compact moves everything through every stage that deletes things.
func (s *Store) Compact(ctx context.Context) error {
	return s.exclusive(ctx, func() error {
		if err := s.db.DropPrefix([]byte("no such space")); err != nil {
			return err
		}
		if err := s.db.Flatten(2); err != nil {
			return err
		}
		s.collect()
		return s.followLogs()
	})
}

// Dump returns every record in hex, one a line, documents as text.
func (s *Store) Dump(ctx context.Context) (string, error) {
	var out strings.Builder
	err := s.view(ctx, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			key := it.Item().KeyCopy(nil)
			value, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			text := hex.EncodeToString(value)
			if key[0] == spaceClient || key[0] == spaceEntry || key[0] == spaceEvent {
				text = hex.EncodeToString(value[:1]) + string(value[1:])
			}
			fmt.Fprintf(&out, "%x %s\n", key, text)
		}
		return nil
	})
	return out.String(), err
}

// The keys and codecs, for the fuzz tests.
var (
	SchemaKey = metaSchema.key()
	EventKey  = func(seq uint64) []byte { return eventKey(seq).key() }
	TokenKey  = func(k authz.TokenKey) []byte { return tokenKey(k).key() }
	RevokeKey = func(k authz.TokenKey) []byte { return revocationKey(k).key() }
	EntryKey  = func(namespace, entry string) []byte { return entryKey{namespace, entry}.key() }
	UsageKey  = func(id authz.ClientID) ([]byte, bool) { k, ok := clientKeyOf(id); return usageKey(k).key(), ok }
	ClientKey = func(id authz.ClientID) ([]byte, bool) { k, ok := clientKeyOf(id); return k.key(), ok }
)

// ParseKeys parses b as a key of each space and returns those whose key, made
// again, is not b.
func ParseKeys(b []byte) (wrong []string) {
	again := func(space string, key []byte, err error) {
		if err == nil && string(key) != string(b) {
			wrong = append(wrong, space)
		}
	}
	c, err := parseClientKey(b)
	again("client", c.key(), err)
	u, err := parseUsageKey(b)
	again("usage", u.key(), err)
	if k, ok := clientKeyOf(c.id()); !ok || k != c {
		wrong = append(wrong, "client id")
	}
	e, err := parseEventKey(b)
	again("event", e.key(), err)
	t, err := parseTokenKey(b)
	again("token", t.key(), err)
	r, err := parseRevocationKey(b)
	again("revocation", r.key(), err)
	s, err := parseSetKey(b)
	again("set", s.key(), err)
	d, err := parseEntryKey(b)
	again("entry", d.key(), err)
	return wrong
}

// ParseRecords decodes b as a record of each kind and returns those that
// change when they are encoded and decoded again.
func ParseRecords(b []byte) (wrong []string) {
	if r, err := decodeToken(b); err == nil {
		again, err := decodeToken(r.encode())
		if err != nil || fmt.Sprint(again.token(authz.TokenKey{}, again.setOr(&grantSet{}), false)) != fmt.Sprint(r.token(authz.TokenKey{}, r.setOr(&grantSet{}), false)) || again.set != r.set {
			wrong = append(wrong, "token")
		}
	}
	if g, err := decodeSet(b); err == nil {
		if again, err := decodeSet(g.encode()); err != nil || string(again.encode()) != string(g.encode()) {
			wrong = append(wrong, "set")
		}
	}
	if c, err := decodeClient(clientKey{}, b); err == nil {
		if first, err := encodeClient(&c); err == nil {
			again, err := decodeClient(clientKey{}, first)
			if second, _ := encodeClient(&again); err != nil || string(first) != string(second) {
				wrong = append(wrong, "client")
			}
		}
	}
	if e, err := decodeEvent(1, b); err == nil {
		if first, err := encodeEvent(&e); err == nil {
			again, err := decodeEvent(1, first)
			if second, _ := encodeEvent(&again); err != nil || string(first) != string(second) {
				wrong = append(wrong, "event")
			}
		}
	}
	if u, err := decodeUsage(b); err == nil {
		if again, err := decodeUsage(encodeUsage(&u)); err != nil || fmt.Sprint(again) != fmt.Sprint(u) {
			wrong = append(wrong, "usage")
		}
	}
	if seq, err := decodeRevocation(b); err == nil && string(encodeRevocation(seq)) != string(b) {
		wrong = append(wrong, "revocation")
	}
	if c, err := decodeControl(b); err == nil && string(c.encode()) != string(b) {
		wrong = append(wrong, "control")
	}
	return wrong
}

func (r *tokenRecord) setOr(other *grantSet) *grantSet {
	if r.inline != nil {
		return r.inline
	}
	return other
}
