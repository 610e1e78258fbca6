package badgerstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Client implements authz.Store.
func (s *Store) Client(ctx context.Context, id authz.ClientID) (authz.Client, error) {
	var c authz.Client
	err := s.view(ctx, func(txn *badger.Txn) (err error) {
		c, err = s.durableClient(txn, id)
		return err
	})
	if err != nil {
		return authz.Client{}, fmt.Errorf("client %.40q: %w", string(id), err)
	}
	return c, nil
}

// durableClient reads a client as it is on disk.
func (s *Store) durableClient(txn *badger.Txn, id authz.ClientID) (authz.Client, error) {
	key, ok := clientKeyOf(id)
	if !ok {
		return authz.Client{}, authz.ErrNotFound
	}
	read, err := readClient(txn, id)
	found := &read
	if errors.Is(err, authz.ErrNotFound) {
		found, err = nil, nil
	}
	if err != nil {
		return authz.Client{}, err
	}
	if found = s.durable.client(key, found); found == nil {
		return authz.Client{}, authz.ErrNotFound
	}
	return *found, nil
}

func readClient(txn *badger.Txn, id authz.ClientID) (authz.Client, error) {
	key, ok := clientKeyOf(id)
	if !ok {
		return authz.Client{}, authz.ErrNotFound
	}
	b, err := read(txn, key.key())
	if err != nil {
		return authz.Client{}, err
	}
	return decodeClient(key, b)
}

// Clients implements authz.Store.
func (s *Store) Clients(ctx context.Context, q authz.ClientQuery) (authz.ClientPage, error) {
	var page authz.ClientPage
	err := s.view(ctx, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceClient}, PrefetchValues: true, PrefetchSize: min(q.PageSize()+1, 100)})
		defer it.Close()
		for it.Seek(seekClient(q.After)); it.Valid(); it.Next() {
			c, err := s.clientOf(it.Item())
			if err != nil {
				return err
			}
			if c == nil || c.ID <= q.After || !q.Selects(c) {
				continue
			}
			if n := len(page.Clients); n == q.PageSize() {
				page.Next = page.Clients[n-1].ID
				return nil
			}
			page.Clients = append(page.Clients, *c)
		}
		return nil
	})
	if err != nil {
		return authz.ClientPage{}, fmt.Errorf("list clients: %w", err)
	}
	return page, nil
}

// seekClient returns where to begin; what is no id begins at the start.
func seekClient(after authz.ClientID) []byte {
	if key, ok := clientKeyOf(after); ok {
		return key.key()
	}
	return []byte{spaceClient}
}

// clientOf returns an item's client as it is on disk; nil if it is not there.
func (s *Store) clientOf(item *badger.Item) (*authz.Client, error) {
	key, err := parseClientKey(item.KeyCopy(nil))
	if err != nil {
		return nil, err
	}
	var c authz.Client
	err = item.Value(func(b []byte) (err error) {
		c, err = decodeClient(key, b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.durable.client(key, &c), nil
}

// PutClient implements authz.Store.
func (s *Store) PutClient(ctx context.Context, c authz.Client, ch authz.Change) (authz.Client, error) {
	c = c.Clone() // the caller may go on with its own after an ended context
	var stored authz.Client
	o := &op{class: classChange, stage: func(b *batch) (err error) {
		stored, err = b.stageClient(c, ch)
		return err
	}}
	if c.Version == 0 {
		o.class = classCreate
	}
	if err := s.submit(ctx, o); err != nil {
		return authz.Client{}, fmt.Errorf("put client %.40q: %w", string(c.ID), err)
	}
	return stored, nil
}

func (b *batch) stageClient(c authz.Client, ch authz.Change) (authz.Client, error) {
	before, err := readClient(b.txn, c.ID)
	stored := &before
	if errors.Is(err, authz.ErrNotFound) {
		stored, err = nil, nil
	}
	if err != nil {
		return authz.Client{}, classify(err)
	}
	c, err = c.Over(stored)
	if err != nil {
		return authz.Client{}, err
	}
	document, err := encodeClient(&c)
	if err != nil {
		return authz.Client{}, err
	}
	event, err := encodeEvent(&authz.Event{Change: ch, ClientID: c.ID, Generation: c.Generation})
	if err != nil {
		return authz.Client{}, err
	}
	key, _ := clientKeyOf(c.ID) // Over has parsed it
	b.remember(key, stored)
	if err := b.set(key.key(), document); err != nil {
		return authz.Client{}, err
	}
	if stored == nil {
		b.control.clients++
	}
	_, err = b.stageEvent(event)
	return c, err
}

// remember keeps how a client was before the batch.
func (b *batch) remember(key clientKey, stored *authz.Client) {
	if b.before == nil {
		b.before = map[clientKey]*authz.Client{}
	}
	if _, changedBefore := b.before[key]; !changedBefore {
		b.before[key] = stored
	}
}

// stageEvent gives an encoded event the next position.
func (b *batch) stageEvent(event []byte) (authz.Seq, error) {
	b.control.last++
	return b.control.last, b.set(eventKey(b.control.last).key(), event)
}

// TouchClients implements authz.Store.
func (s *Store) TouchClients(ctx context.Context, uses []authz.Use) error {
	if len(uses) == 0 {
		return ended(ctx)
	}
	byClient := map[authz.ClientID][]authz.Use{}
	for _, u := range uses {
		byClient[u.Client] = append(byClient[u.Client], u)
	}
	for id, uses := range byClient {
		o := &op{class: classNote, stage: func(b *batch) error { return b.stageUses(id, uses) }}
		if err := s.submit(ctx, o); err != nil {
			return fmt.Errorf("note uses of client %.40q: %w", string(id), err)
		}
	}
	return nil
}

func (b *batch) stageUses(id authz.ClientID, uses []authz.Use) error {
	c, err := readClient(b.txn, id)
	if errors.Is(err, authz.ErrNotFound) {
		return nil
	}
	if err != nil {
		return classify(err)
	}
	changed := false
	for _, u := range uses {
		changed = c.Touch(u) || changed
	}
	if !changed {
		return nil
	}
	document, err := encodeClient(&c)
	if err != nil {
		return err
	}
	key, _ := clientKeyOf(id) // it was found by it
	return b.set(key.key(), document)
}
