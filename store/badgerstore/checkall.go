package badgerstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Report counts what a store holds.
type Report struct {
	Clients     int64
	Events      int64
	Tokens      int64
	Revocations int64
	Sets        int64 // grant sets that tokens share
	Entries     int64 // of all drawers
	Orphans     int64 // tokens whose client is unknown; they open nothing
	FirstSeq    authz.Seq
	LastSeq     authz.Seq
}

// maxProblems bounds how many problems CheckAll names.
const maxProblems = 20

// CheckAll reads every record: that each can be read, that the control log is
// contiguous, and that what records refer to is there. The error names the
// problems found, up to 20.
func (s *Store) CheckAll(ctx context.Context) (Report, error) {
	var c checker
	err := s.view(ctx, func(txn *badger.Txn) (err error) {
		if err := s.db.VerifyChecksum(); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if c.control, err = readMeta(txn, metaControl, decodeControl); err != nil {
			return err
		}
		c.clients, c.sets, c.next = map[clientKey]struct{}{}, map[setKey]struct{}{}, c.control.first
		it := txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, PrefetchSize: 256})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := ended(ctx); err != nil {
				return err
			}
			key := it.Item().KeyCopy(nil)
			if err := it.Item().Value(func(value []byte) error { c.record(key, value); return nil }); err != nil {
				return err
			}
		}
		c.finish()
		return nil
	})
	if err == nil && len(c.problems) > 0 {
		err = fmt.Errorf("%w: %w", authz.ErrUnavailable, errors.Join(c.problems...))
	}
	if err != nil {
		return c.report, fmt.Errorf("check the store in %s: %w", s.opt.Dir, advise(err))
	}
	return c.report, nil
}

// checker looks at records in the order of their keys: clients, events and
// grant sets come before the tokens that refer to them.
type checker struct {
	report   Report
	control  control
	clients  map[clientKey]struct{}
	sets     map[setKey]struct{}
	next     authz.Seq
	problems []error
}

func (c *checker) problem(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...))
	}
}

func (c *checker) record(key, value []byte) {
	var err error
	switch key[0] {
	case spaceClient:
		err = c.client(key, value)
	case spaceDrawer:
		err = c.entry(key, value)
	case spaceEvent:
		err = c.event(key, value)
	case spaceMeta:
	case spaceRevocation:
		err = c.revocation(key, value)
	case spaceSet:
		err = c.set(key, value)
	case spaceToken:
		err = c.token(key, value)
	default:
		err = fmt.Errorf("%w: a key in the unknown space %q", errDamaged, key[0])
	}
	if err != nil && len(c.problems) < maxProblems {
		c.problems = append(c.problems, err)
	}
}

func (c *checker) client(key, value []byte) error {
	c.report.Clients++
	k, err := parseClientKey(key)
	if err != nil {
		return err
	}
	c.clients[k] = struct{}{}
	_, err = decodeClient(k, value)
	return err
}

func (c *checker) entry(key, value []byte) error {
	c.report.Entries++
	if _, err := parseDrawerKey(key); err != nil {
		return err
	}
	_, err := decodeEntry(value)
	return err
}

func (c *checker) event(key, value []byte) error {
	k, err := parseEventKey(key)
	if err != nil || authz.Seq(k) < c.control.first {
		return err
	}
	c.report.Events++
	if authz.Seq(k) != c.next {
		c.problem("event %d stands where %d should", k, c.next)
	}
	c.next = authz.Seq(k) + 1
	_, err = decodeEvent(k, value)
	return err
}

func (c *checker) revocation(key, value []byte) error {
	c.report.Revocations++
	k, err := parseRevocationKey(key)
	if err != nil {
		return err
	}
	seq, err := decodeRevocation(value)
	if err == nil && (seq == 0 || seq > c.control.last) {
		c.problem("the revocation of token %s names event %d of %d", k.Hash.ID(), seq, c.control.last)
	}
	return err
}

func (c *checker) set(key, value []byte) error {
	c.report.Sets++
	k, err := parseSetKey(key)
	if err != nil {
		return err
	}
	c.sets[k] = struct{}{}
	_, err = decodeSet(value)
	return err
}

func (c *checker) token(key, value []byte) error {
	c.report.Tokens++
	k, err := parseTokenKey(key)
	if err != nil {
		return err
	}
	r, err := decodeToken(value)
	if err != nil {
		return fmt.Errorf("token %s: %w", k.Hash.ID(), err)
	}
	if _, ok := c.sets[r.set]; r.inline == nil && !ok {
		c.problem("token %s names the grant set %d, which is missing", k.Hash.ID(), r.set)
	}
	if _, ok := c.clients[r.client]; !ok {
		c.report.Orphans++
	}
	return nil
}

func (c *checker) finish() {
	c.report.FirstSeq, c.report.LastSeq = c.control.first, c.control.last
	if c.next != c.control.last+1 {
		c.problem("the control log ends at %d, not at %d", c.next-1, c.control.last)
	}
	if uint64(c.report.Clients) != c.control.clients {
		c.problem("it holds %d clients, not %d", c.report.Clients, c.control.clients)
	}
}
