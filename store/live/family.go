package live

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"scopegate/authz"
)

// family is what tokens that were issued alike share: it is kept once, and
// the tokens' records name it by number.
type family struct {
	terms  authz.Terms
	client *client

	id   uint32
	refs uint32 // records that name it; guarded by families.mu
	cost int64
}

// token is what is known of a token with these facts, and of its client now.
func (f *family) token(of facts) authz.LiveToken {
	return authz.LiveToken{
		Client: f.client.live.Load(), Terms: &f.terms,
		Life: authz.Life{IssuedAt: authz.Seconds(of.issued()), ExpiresAt: authz.Seconds(of.expires()), Revoked: of.revoked()},
	}
}

// familyKey tells families apart.
type familyKey struct {
	client     *client
	generation uint64
	scopes     string
	resources  string // joined by spaces, which no resource holds
}

const (
	familyCost  = 160 // bytes: family, its place in the directory and in the map
	scopeCost   = 16  // bytes a scope, beside its text
	familyBlock = 512
)

// families numbers the families. Looking one up takes no lock; a number is
// used again only after the last record that named it is gone.
type families struct {
	blocks atomic.Pointer[[]*[familyBlock]atomic.Pointer[family]]
	sets   *scopeSets

	mu    sync.Mutex
	byKey map[familyKey]*family
	free  []uint32
	last  uint32 // numbers from 1
	bytes int64
	limit int64
}

func newFamilies(limit int64, sets *scopeSets) *families {
	f := &families{byKey: map[familyKey]*family{}, limit: limit, sets: sets}
	f.blocks.Store(&[]*[familyBlock]atomic.Pointer[family]{})
	return f
}

// at returns the family with a number that a record names; nil if the record
// left meanwhile and the number with it.
func (fs *families) at(id uint32) *family {
	return (*fs.blocks.Load())[id/familyBlock][id%familyBlock].Load()
}

// join returns the number of the family that a token belongs to, for one more
// record. It is 0 where a new family would go beyond the limit.
func (fs *families) join(c *client, t *authz.AccessToken) uint32 {
	key := familyKey{c, t.Generation, t.Scopes.String(), strings.Join(t.Resources, " ")}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.byKey[key]; f != nil {
		f.refs++
		return f.id
	}
	f := &family{client: c, terms: authz.Terms{Generation: t.Generation}, cost: familyCost + int64(len(key.resources))}
	if len(t.Resources) > 0 {
		f.terms.Resources = slices.Clone(t.Resources)
	}
	f.terms.Scopes = fs.sets.shared(t.Scopes)
	key.scopes = f.terms.Scopes.String() // the shared text
	if live := c.live.Load(); live == nil || live.AllowedScopes != f.terms.Scopes {
		f.cost += int64(len(key.scopes) + scopeCost*t.Scopes.Len())
	}
	if fs.bytes+f.cost > fs.limit {
		return 0
	}
	return fs.add(key, f)
}

// joinRevoked returns the number of the family of a client's revoked tokens,
// of which nothing else needs to be known. It knows no limit: there is one
// for each client at most.
func (fs *families) joinRevoked(c *client) uint32 {
	key := familyKey{client: c}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.byKey[key]; f != nil {
		f.refs++
		return f.id
	}
	return fs.add(key, &family{client: c, cost: familyCost})
}

func (fs *families) add(key familyKey, f *family) uint32 {
	if n := len(fs.free); n > 0 {
		f.id, fs.free = fs.free[n-1], fs.free[:n-1]
	} else {
		fs.last++
		f.id = fs.last
	}
	f.refs = 1
	blocks := *fs.blocks.Load()
	for int(f.id/familyBlock) >= len(blocks) {
		blocks = append(slices.Clip(blocks), new([familyBlock]atomic.Pointer[family]))
		fs.blocks.Store(&blocks)
	}
	blocks[f.id/familyBlock][f.id%familyBlock].Store(f)
	fs.byKey[key] = f
	fs.bytes += f.cost
	return f.id
}

// leave says that a record that named the family is gone from its shard.
func (fs *families) leave(id uint32) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.at(id)
	if f.refs--; f.refs > 0 {
		return
	}
	delete(fs.byKey, familyKey{f.client, f.terms.Generation, f.terms.Scopes.String(), strings.Join(f.terms.Resources, " ")})
	fs.blockOf(id).Store(nil)
	fs.free = append(fs.free, id)
	fs.bytes -= f.cost
}

func (fs *families) blockOf(id uint32) *atomic.Pointer[family] {
	return &(*fs.blocks.Load())[id/familyBlock][id%familyBlock]
}

func (fs *families) size() int64 {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.bytes
}
