package badgerstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// PutToken implements authz.Store.
func (s *Store) PutToken(ctx context.Context, t authz.AccessToken) error {
	t, err := t.Stored()
	if err != nil {
		return err
	}
	set := grantSet{grant: t.Grant, scopes: t.Scopes, resources: t.Resources}
	if err := s.submit(ctx, &op{class: classToken, token: &t, set: string(set.encode())}); err != nil {
		return fmt.Errorf("put token %s: %w", t.Key.Hash.ID(), err)
	}
	return nil
}

func (b *batch) stageToken(o *op) error {
	id, err := b.numberSet(o)
	if err != nil {
		return err
	}
	set := grantSet{grant: o.token.Grant, scopes: o.token.Scopes, resources: o.token.Resources}
	record, err := recordOf(o.token, id, &set)
	if err != nil {
		return err
	}
	value := record.encode()
	if len(value) > maxDocument {
		return fmt.Errorf("a token record of %d bytes is above the %d that can be stored", len(value), maxDocument)
	}
	return b.set(tokenKey(o.token.Key).key(), value)
}

// numberSet returns the number of the token's grant set, and stages the set if
// it is new. 0: the set travels in the token.
func (b *batch) numberSet(o *op) (setKey, error) {
	table := b.s.sets
	if id := table.number(o.set); id != 0 {
		return id, nil
	}
	if id := b.sets[o.set]; id != 0 {
		return id, nil
	}
	// What could not be read again must not be stored: one such record would
	// keep the whole store from being opened. The decoded set shares nothing
	// with the caller's.
	g, err := decodeSet([]byte(o.set))
	if err != nil {
		return 0, fmt.Errorf("token %s: its scopes cannot be stored: %w", o.token.Key.Hash.ID(), err)
	}
	if len(o.set) > maxSetLength || table.next > maxSets {
		return 0, nil
	}
	id := table.next
	table.next++ // spent, whatever becomes of the batch
	if err := b.set(id.key(), []byte(o.set)); err != nil {
		return 0, err
	}
	if b.sets == nil {
		b.sets = map[string]setKey{}
	}
	b.sets[o.set] = id
	b.after = append(b.after, func() { table.add(id, o.set, g) })
	return id, nil
}

// Token implements authz.Store.
func (s *Store) Token(ctx context.Context, key authz.TokenKey) (authz.AccessToken, error) {
	var t authz.AccessToken
	err := s.view(ctx, func(txn *badger.Txn) error {
		b, err := read(txn, tokenKey(key).key())
		if err != nil {
			return err
		}
		revoked, err := isRevoked(txn, key)
		if err != nil {
			return err
		}
		t, err = s.tokenOf(txn, key, b, revoked)
		return err
	})
	if err != nil {
		return authz.AccessToken{}, fmt.Errorf("token %s: %w", key.Hash.ID(), err)
	}
	return t, nil
}

// tokenOf puts a token together from its record.
func (s *Store) tokenOf(txn *badger.Txn, key authz.TokenKey, value []byte, revoked bool) (authz.AccessToken, error) {
	record, err := decodeToken(value)
	if err != nil {
		return authz.AccessToken{}, err
	}
	set := record.inline
	if set == nil {
		if set, err = s.setOf(txn, record.set); err != nil {
			return authz.AccessToken{}, err
		}
	}
	return record.token(key, set, revoked), nil
}

// setOf finds a grant set; one that was written a moment ago may not be in the
// table yet.
func (s *Store) setOf(txn *badger.Txn, id setKey) (*grantSet, error) {
	if set, ok := s.sets.find(id); ok {
		return set, nil
	}
	b, err := read(txn, id.key())
	if errors.Is(err, authz.ErrNotFound) {
		return nil, fmt.Errorf("%w: grant set %d is missing", errDamaged, id)
	}
	if err != nil {
		return nil, err
	}
	return decodeSet(b)
}

func isRevoked(txn *badger.Txn, key authz.TokenKey) (bool, error) {
	_, err := txn.Get(revocationKey(key).key())
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	return err == nil, err
}

// TokenByID implements authz.Store. It looks into each hour that has tokens:
// about as many as the longest token lifetime has.
func (s *Store) TokenByID(ctx context.Context, id authz.TokenID) (authz.AccessToken, error) {
	var t authz.AccessToken
	err := s.view(ctx, func(txn *badger.Txn) error {
		if _, ok := authz.ParseTokenID(string(id)); !ok {
			return authz.ErrNotFound
		}
		start, err := hex.DecodeString(string(id))
		if err != nil {
			return authz.ErrNotFound
		}
		key, value, err := findByID(txn, start)
		if err != nil {
			return err
		}
		revoked, err := isRevoked(txn, key)
		if err != nil {
			return err
		}
		t, err = s.tokenOf(txn, key, value, revoked)
		return err
	})
	if err != nil {
		return authz.AccessToken{}, fmt.Errorf("token %.16q: %w", string(id), err)
	}
	return t, nil
}

// findByID returns the token whose hash begins with the given bytes.
func findByID(txn *badger.Txn, start []byte) (authz.TokenKey, []byte, error) {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceToken}})
	defer it.Close()
	for it.Rewind(); it.Valid(); {
		key, err := parseTokenKey(it.Item().KeyCopy(nil))
		if err != nil {
			return authz.TokenKey{}, nil, err
		}
		prefix := append(hourPrefix(spaceToken, key.Hour), start...)
		it.Seek(prefix)
		if it.ValidForPrefix(prefix) {
			if key, err = parseTokenKey(it.Item().KeyCopy(nil)); err != nil {
				return authz.TokenKey{}, nil, err
			}
			value, err := it.Item().ValueCopy(nil)
			return authz.TokenKey(key), value, err
		}
		if key.Hour+1 == 0 {
			break
		}
		it.Seek(hourPrefix(spaceToken, key.Hour+1))
	}
	return authz.TokenKey{}, nil, authz.ErrNotFound
}

// RevokeToken implements authz.Store.
func (s *Store) RevokeToken(ctx context.Context, t authz.AccessToken, ch authz.Change) error {
	t, err := t.Stored()
	if err != nil {
		return err
	}
	o := &op{class: classChange, stage: func(b *batch) error { return b.stageRevocation(&t, ch) }}
	if err := s.submit(ctx, o); err != nil {
		return fmt.Errorf("revoke token %s: %w", t.Key.Hash.ID(), err)
	}
	return nil
}

func (b *batch) stageRevocation(t *authz.AccessToken, ch authz.Change) error {
	if twice, err := isRevoked(b.txn, t.Key); err != nil || twice {
		return classify(err)
	}
	generation := t.Generation
	switch c, err := readClient(b.txn, t.ClientID); {
	case err == nil:
		generation = c.Generation
	case !errors.Is(err, authz.ErrNotFound):
		return classify(err)
	}
	event, err := encodeEvent(&authz.Event{Change: ch, ClientID: t.ClientID, Generation: generation, Token: &t.Key, ExpiresAt: t.ExpiresAt})
	if err != nil {
		return err
	}
	seq, err := b.stageEvent(event)
	if err != nil {
		return err
	}
	return b.set(revocationKey(t.Key).key(), encodeRevocation(seq))
}

// visitChunk is how many tokens are read before they are shown: f runs while
// nothing of the store is held.
const visitChunk = 2048

// EachToken implements authz.Store, in the order of hours.
func (s *Store) EachToken(ctx context.Context, now time.Time, f func(authz.AccessToken) bool) error {
	after := hourPrefix(spaceToken, authz.HourOf(now))
	for {
		tokens, next, err := s.visit(ctx, after, now)
		if err != nil {
			return fmt.Errorf("read tokens: %w", err)
		}
		for _, t := range tokens {
			if !f(t) {
				return nil
			}
		}
		if next == nil {
			return nil
		}
		after = next
	}
}

// visit reads tokens from a key on; next is where the following ones begin,
// nil at the end.
func (s *Store) visit(ctx context.Context, from []byte, now time.Time) (tokens []authz.AccessToken, next []byte, err error) {
	err = s.view(ctx, func(txn *badger.Txn) error {
		revoked := newRevocations(txn)
		defer revoked.close()
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceToken}, PrefetchValues: true, PrefetchSize: 256})
		defer it.Close()
		seen := 0
		for it.Seek(from); it.Valid(); it.Next() {
			if seen++; seen > visitChunk {
				next = it.Item().KeyCopy(nil)
				return nil
			}
			key, err := parseTokenKey(it.Item().KeyCopy(nil))
			if err != nil {
				return err
			}
			value, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			t, err := s.tokenOf(txn, authz.TokenKey(key), value, revoked.has(authz.TokenKey(key)))
			if err != nil {
				return err
			}
			if now.Before(t.ExpiresAt) {
				tokens = append(tokens, t)
			}
		}
		return nil
	})
	return tokens, next, err
}

// revocations walks the revocations beside the tokens: both spaces have the
// same order.
type revocations struct {
	it      *badger.Iterator
	started bool
}

func newRevocations(txn *badger.Txn) *revocations {
	return &revocations{it: txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceRevocation}})}
}

// has reports whether the token is revoked; keys come in ascending order.
func (r *revocations) has(key authz.TokenKey) bool {
	want := revocationKey(key).key()
	if !r.started || r.it.Valid() && string(r.it.Item().Key()) < string(want) {
		r.started = true
		r.it.Seek(want)
	}
	return r.it.Valid() && string(r.it.Item().Key()) == string(want)
}

func (r *revocations) close() { r.it.Close() }
