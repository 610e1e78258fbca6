package live

import (
	"math"
	"sync/atomic"

	"scopegate/authz"
)

// tokens is the table of tokens: shards by hash, and the families that their
// records name. Three quarters of the memory go to the shards, the rest to
// the families.
type tokens struct {
	shards   []shard
	families *families
	limit    int // slots of a shard, beyond which only revoked tokens go

	// missing is the Unix second until which a token that was put here, or
	// came by in the warm-up, may live in the engine and not in the table.
	missing atomic.Int64
}

const maxShards = 256

func newTokens(memory int64, sets *scopeSets) *tokens {
	slots := memory / 4 * 3 / slotBytes
	n := 1
	for n < maxShards && int64(n)*2*64 <= slots {
		n *= 2
	}
	t := &tokens{
		shards:   make([]shard, n),
		families: newFamilies(memory/4, sets),
		limit:    max(int(slots)/n, minSlots),
	}
	for i := range t.shards {
		t.shards[i].table.Store(newTable(minSlots))
	}
	return t
}

func (t *tokens) shard(k slotKey) *shard { return &t.shards[k.second&uint64(len(t.shards)-1)] }

// lookup returns what is known of a token, with its client as it is now, and
// counts. It neither locks nor allocates.
func (t *tokens) lookup(key *authz.TokenKey) (authz.LiveToken, bool) {
	k := slotKeyOf(&key.Hash)
	sh := t.shard(k)
	f, family := sh.read(k, t.families)
	if family == nil {
		sh.misses.Add(1)
		return authz.LiveToken{}, false
	}
	sh.hits.Add(1)
	return family.token(f), true
}

// find is lookup without counting.
func (t *tokens) find(key authz.TokenKey) (authz.LiveToken, bool) {
	k := slotKeyOf(&key.Hash)
	f, family := t.shard(k).read(k, t.families)
	if family == nil {
		return authz.LiveToken{}, false
	}
	return family.token(f), true
}

// hold takes a token of a client into the table. One that is there stays as
// it is, but for becoming revoked: what a slow reader brings never hides a
// revocation. A token for which there is no room is missing; with evict,
// another one makes room and is missing instead.
func (t *tokens) hold(c *client, a *authz.AccessToken, now int64, evict bool) {
	if a.Revoked {
		t.revoke(c, a.Key, a.ExpiresAt.Unix(), now)
		return
	}
	k, expires := slotKeyOf(&a.Key.Hash), seconds(a.ExpiresAt.Unix())
	if int64(expires) <= now {
		return
	}
	sh := t.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, ok := sh.table.Load().find(k); ok {
		return
	}
	family := t.families.join(c, a)
	if family == 0 {
		t.miss(expires)
		return
	}
	if !sh.fits(t.limit) && !(evict && t.evict(sh, k)) {
		t.miss(expires)
		t.families.leave(family)
		return
	}
	sh.add(k, newFacts(family, seconds(a.IssuedAt.Unix()), expires))
}

// revoke marks a token as revoked until it expires, whether or not it is in
// the table, and beyond every limit.
func (t *tokens) revoke(c *client, key authz.TokenKey, expires, now int64) {
	k, until := slotKeyOf(&key.Hash), seconds(expires)
	sh := t.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if i, ok := sh.table.Load().find(k); ok {
		sh.revoke(i, until)
		return
	}
	if int64(until) <= now {
		return
	}
	sh.fits(math.MaxInt)
	sh.add(k, newFacts(t.families.joinRevoked(c), 0, until).asRevoked(until))
}

// evict forgets one living token; it is missing before it is gone, so that no
// reader takes it for unknown.
func (t *tokens) evict(sh *shard, k slotKey) bool {
	i, ok := sh.victim(k.second)
	if !ok {
		return false
	}
	t.miss(sh.table.Load().slots[i].load().expires())
	t.families.leave(sh.remove(i))
	return true
}

// miss notes that a token which lives until expires is not in the table.
func (t *tokens) miss(expires uint32) {
	for {
		old := t.missing.Load()
		if int64(expires) <= old || t.missing.CompareAndSwap(old, int64(expires)) {
			return
		}
	}
}

// sweep takes out what is expired in n shards, beginning with the given one,
// and returns where to go on.
func (t *tokens) sweep(from, n int, now int64) (next int) {
	for range n {
		t.shards[from].sweep(seconds(now), t.families.leave)
		from = (from + 1) % len(t.shards)
	}
	return from
}
