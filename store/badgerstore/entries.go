package badgerstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// PutEntries implements authz.Store.
func (s *Store) PutEntries(ctx context.Context, namespace string, entries []authz.Entry) error {
	if err := authz.CheckEntries(namespace, entries); err != nil {
		return fmt.Errorf("put entries: %w", err)
	}
	records := make([]authz.Entry, 0, len(entries)) // of our own: the caller may go on after an ended context
	for _, e := range entries {
		record := authz.Entry{Key: string(entryKey{namespace, e.Key}.key())}
		if len(e.Value) > 0 {
			record.Value = append([]byte{versionEntry}, e.Value...)
		}
		records = append(records, record)
	}
	o := &op{class: classNote, stage: func(b *batch) error { return b.stageEntries(records) }}
	if err := s.submit(ctx, o); err != nil {
		return fmt.Errorf("put entries into %s: %w", namespace, err)
	}
	return nil
}

// stageEntries writes records under their keys; those without a value go.
func (b *batch) stageEntries(records []authz.Entry) error {
	for _, r := range records {
		if len(r.Value) > 0 {
			if err := b.set([]byte(r.Key), r.Value); err != nil {
				return err
			}
			continue
		}
		b.bytes += len(r.Key)
		if err := b.txn.Delete([]byte(r.Key)); err != nil {
			b.poison = err
			return classify(err)
		}
	}
	return nil
}

// Entries implements authz.Store.
func (s *Store) Entries(ctx context.Context, namespace, prefix, after string, limit int) ([]authz.Entry, error) {
	if err := authz.CheckNamespace(namespace); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	var entries []authz.Entry
	err := s.view(ctx, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: entryKey{namespace, prefix}.key(), PrefetchValues: true, PrefetchSize: min(max(limit, 1), 100)})
		defer it.Close()
		for it.Seek(entryKey{namespace, max(after, prefix)}.key()); it.Valid() && len(entries) < limit; it.Next() {
			e, err := entryOf(it.Item())
			if err != nil {
				return err
			}
			if e.Key > after && strings.HasPrefix(e.Key, prefix) {
				entries = append(entries, e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read entries of %s: %w", namespace, err)
	}
	return entries, nil
}

func entryOf(item *badger.Item) (authz.Entry, error) {
	key, err := parseEntryKey(item.KeyCopy(nil))
	if err != nil {
		return authz.Entry{}, err
	}
	value, err := item.ValueCopy(nil)
	if err != nil {
		return authz.Entry{}, err
	}
	content, err := decodeEntry(value)
	return authz.Entry{Key: key.entry, Value: content}, err
}

// decodeEntry takes the version off an entry: version(1), then what was put.
func decodeEntry(b []byte) ([]byte, error) {
	if len(b) < 2 || b[0] != versionEntry {
		return nil, fmt.Errorf("%w: entry of %d bytes", errDamaged, len(b))
	}
	return b[1:], nil
}
