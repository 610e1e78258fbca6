package gatewaytest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"sync"
	"time"

	"scopegate/authz"
)

// The clients that tests know.
const (
	// Alice belongs to an owner and may have both scopes.
	Alice authz.ClientID = "11111111-1111-4111-8111-111111111111"
	// Bob belongs to nobody and may read.
	Bob authz.ClientID = "22222222-2222-4222-8222-222222222222"
)

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// TokenText returns a bearer token of the right shape that is always the same
// for a name.
func TokenText(name string) string {
	sum := sha256.Sum256([]byte(name))
	b := []byte("spoat_0000")
	for i := range 43 {
		b = append(b, digits[int(sum[i%32]+byte(i))%62])
	}
	var check [6]byte
	crc := crc32.ChecksumIEEE(b)
	for i := len(check) - 1; i >= 0; i-- {
		check[i] = digits[crc%62]
		crc /= 62
	}
	return string(append(b, check[:]...))
}

// World is the law's memory in tests: an authz.TokenSource that tests change.
type World struct {
	mu     sync.Mutex
	tokens map[authz.TokenKey]authz.LiveToken
	down   error
}

// NewWorld returns a world with these tokens: read, write and both of Alice,
// bob of Bob with a:read, and the dead ones expired, revoked, cut (its
// client was revoked) and asleep (its client is disabled).
func NewWorld() *World {
	w := &World{tokens: map[authz.TokenKey]authz.LiveToken{}}
	read, write := authz.Scope("a:read"), authz.Scope("a:write")
	all := authz.NewScopeSet(read, write)
	client := func(id authz.ClientID, status authz.Status, generation uint64) *authz.LiveClient {
		meter := &authz.Meter{}
		meter.Grant(all, time.Now())
		return &authz.LiveClient{ID: id, Status: status, Generation: generation, AllowedScopes: all, Meter: meter}
	}
	alice := client(Alice, authz.StatusActive, 1)
	alice.OwnerType, alice.OwnerID = "tenant", "42"
	now := time.Now().Unix()
	put := func(name string, c *authz.LiveClient, scopes *authz.ScopeSet, expires int64, revoked bool) {
		w.Put(name, authz.LiveToken{
			Client: c, Terms: &authz.Terms{Scopes: scopes, Generation: 1},
			Life: authz.Life{IssuedAt: authz.SecondsOf(now - 7200), ExpiresAt: authz.SecondsOf(expires), Revoked: revoked},
		})
	}
	later := now + 3600
	put("read", alice, authz.NewScopeSet(read), later, false)
	put("write", alice, authz.NewScopeSet(write), later, false)
	put("both", alice, all, later, false)
	put("bob", client(Bob, authz.StatusActive, 1), authz.NewScopeSet(read), later, false)
	put("expired", alice, all, now-1, false)
	put("revoked", alice, all, later, true)
	put("cut", client("33333333-3333-4333-8333-333333333333", authz.StatusRevoked, 2), all, later, false)
	put("asleep", client("44444444-4444-4444-8444-444444444444", authz.StatusDisabled, 2), all, later, false)
	return w
}

// Put makes a token of this name known, or changes it.
func (w *World) Put(name string, t authz.LiveToken) {
	key, ok := authz.ParseToken(TokenText(name))
	if !ok {
		panic(fmt.Sprintf("gatewaytest: %s is no token", TokenText(name)))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens[key] = t
}

// Revoke revokes a token at once.
func (w *World) Revoke(name string) {
	key, _ := authz.ParseToken(TokenText(name))
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tokens[key]
	t.Revoked = true
	w.tokens[key] = t
}

// Meter returns the meter of the client of a token.
func (w *World) Meter(name string) *authz.Meter {
	key, _ := authz.ParseToken(TokenText(name))
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tokens[key].Client.Meter
}

// Fail makes every lookup fail with err; nil ends that.
func (w *World) Fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = err
}

// LookupToken implements authz.TokenSource.
func (w *World) LookupToken(_ context.Context, key authz.TokenKey) (authz.LiveToken, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down != nil {
		return authz.LiveToken{}, w.down
	}
	t, ok := w.tokens[key]
	if !ok {
		return authz.LiveToken{}, authz.ErrNotFound
	}
	return t, nil
}
