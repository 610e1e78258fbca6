package live

import "scopegate/authz"

// Stats are figures of the view at one moment.
type Stats struct {
	Live    int   // tokens held and not revoked; expired ones leave within two minutes
	Revoked int   // held as revoked, until they expire
	Bytes   int64 // taken by tokens: their table and what they share
	// Hits and Misses count lookups that memory found and did not find;
	// EngineReads those of the misses that the engine was asked for.
	Hits, Misses, EngineReads int64
	// Warm says that the warm-up is done; Warmed how many tokens it read so far.
	Warm   bool
	Warmed int64
	// Complete says that an unknown token is refused without asking the engine.
	Complete bool
	// ClientsByStatus counts all clients; every status is there.
	ClientsByStatus map[authz.Status]int
}

// Stats returns the figures. It locks one shard after the other, for an
// instant each.
func (s *Store) Stats() Stats {
	st := Stats{
		Bytes: s.tokens.families.size(), EngineReads: s.engineReads.Load(),
		Warm: s.warm.Load(), Warmed: s.warmed.Load(), Complete: s.warm.Load() && s.nothingMissing(),
		ClientsByStatus: s.clients.byStatus(),
	}
	for i := range s.tokens.shards {
		sh := &s.tokens.shards[i]
		sh.mu.Lock()
		st.Live += sh.used - sh.revoked
		st.Revoked += sh.revoked
		st.Bytes += int64(len(sh.table.Load().slots)) * slotBytes
		sh.mu.Unlock()
		st.Hits += sh.hits.Load()
		st.Misses += sh.misses.Load()
	}
	return st
}
