package limit

// Len returns how many keys have a bucket.
func (k *Keyed[K]) Len() int {
	n := 0
	for i := range k.shards {
		s := &k.shards[i]
		s.mu.Lock()
		n += len(s.slots)
		s.mu.Unlock()
	}
	return n
}

// Running returns how many requests are within.
func (g *Gate) Running() int { return int(g.running.Load()) }
