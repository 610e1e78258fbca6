package badgerstore

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Note implements authz.Store.
func (s *Store) Note(ctx context.Context, ch authz.Change) error {
	event, err := encodeEvent(&authz.Event{Change: ch, ClientID: ch.ClientID})
	if err != nil {
		return err
	}
	o := &op{class: classChange, stage: func(b *batch) error {
		_, err := b.stageEvent(event)
		return err
	}}
	if err := s.submit(ctx, o); err != nil {
		return fmt.Errorf("note %s: %w", ch.Kind, err)
	}
	return nil
}

// Events implements authz.Store.
func (s *Store) Events(ctx context.Context, after authz.Seq, limit int) ([]authz.Event, error) {
	var events []authz.Event
	err := s.view(ctx, func(txn *badger.Txn) error {
		c, err := readMeta(txn, metaControl, decodeControl)
		last := s.durable.seq(c.last)
		if err != nil || limit <= 0 || after >= last {
			return err
		}
		events, err = readEvents(txn, max(after+1, c.first), last, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}

// readEvents reads events of the given positions, which have to be there.
func readEvents(txn *badger.Txn, first, last authz.Seq, limit int) ([]authz.Event, error) {
	var events []authz.Event
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceEvent}, PrefetchValues: true, PrefetchSize: min(limit, 100)})
	defer it.Close()
	next := first
	for it.Seek(eventKey(first).key()); it.Valid() && next <= last && len(events) < limit; it.Next() {
		key, err := parseEventKey(it.Item().KeyCopy(nil))
		if err != nil {
			return nil, err
		}
		if authz.Seq(key) != next {
			return nil, fmt.Errorf("%w: event %d stands where %d should", errDamaged, key, next)
		}
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			return nil, err
		}
		e, err := decodeEvent(key, value)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		next++
	}
	if next <= last && len(events) < limit {
		return nil, fmt.Errorf("%w: event %d is missing", errDamaged, next)
	}
	return events, nil
}

// LastSeq implements authz.Store.
func (s *Store) LastSeq(ctx context.Context) (authz.Seq, error) {
	var c control
	err := s.view(ctx, func(txn *badger.Txn) (err error) {
		c, err = readMeta(txn, metaControl, decodeControl)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the end of the control log: %w", err)
	}
	return s.durable.seq(c.last), nil
}
