package badgerstore

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Bounds of what is put into one op, so that a group with it still fits into
// a transaction.
const (
	maxUsagesInOp     = 128
	maxUsageBytesInOp = 32 << 10
)

// usageEntry is one record to write.
type usageEntry struct{ key, value []byte }

// PutUsage implements authz.UsageStore.
func (s *Store) PutUsage(ctx context.Context, usages []authz.Usage) error {
	if len(usages) == 0 {
		return ended(ctx)
	}
	var entries []usageEntry
	size := 0
	for i := range usages {
		u := &usages[i]
		key, ok := clientKeyOf(u.Client)
		if !ok {
			return fmt.Errorf("put usage: client id %.40q is not a UUID", string(u.Client))
		}
		e := usageEntry{usageKey(key).key(), encodeUsage(u)}
		entries, size = append(entries, e), size+len(e.value)
		if i+1 == len(usages) || len(entries) == maxUsagesInOp || size >= maxUsageBytesInOp {
			if err := s.submit(ctx, usageOp(entries)); err != nil {
				return fmt.Errorf("put usage: %w", err)
			}
			entries, size = nil, 0
		}
	}
	return nil
}

func usageOp(entries []usageEntry) *op {
	return &op{class: classNote, stage: func(b *batch) error {
		if err := b.raiseLayout(layoutUsage); err != nil {
			return err
		}
		for _, e := range entries {
			if err := b.set(e.key, e.value); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Usages implements authz.UsageStore.
func (s *Store) Usages(ctx context.Context, after authz.ClientID, limit int) ([]authz.Usage, error) {
	limit = min(limit, authz.MaxUsagePage)
	var page []authz.Usage
	err := s.view(ctx, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceUsage}, PrefetchValues: true, PrefetchSize: max(1, min(limit, 100))})
		defer it.Close()
		for it.Seek(seekUsage(after)); it.Valid() && len(page) < limit; it.Next() {
			u, err := usageOf(it.Item())
			if err != nil {
				return err
			}
			if u.Client > after {
				page = append(page, u)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list usages: %w", err)
	}
	return page, nil
}

// seekUsage returns where to begin; what is no id begins at the start.
func seekUsage(after authz.ClientID) []byte {
	if key, ok := clientKeyOf(after); ok {
		return usageKey(key).key()
	}
	return []byte{spaceUsage}
}

func usageOf(item *badger.Item) (authz.Usage, error) {
	key, err := parseUsageKey(item.KeyCopy(nil))
	if err != nil {
		return authz.Usage{}, err
	}
	var u authz.Usage
	err = item.Value(func(b []byte) (err error) {
		u, err = decodeUsage(b)
		return err
	})
	if err != nil {
		return authz.Usage{}, fmt.Errorf("usage of client %s: %w", clientKey(key).id(), err)
	}
	u.Client = clientKey(key).id()
	return u, nil
}
