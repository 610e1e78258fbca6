package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"scopegate/authz"
	"scopegate/store"
)

// storeCheck is what `store check` and the admin API say of a store.
type storeCheck struct {
	OK       bool          `json:"ok"`
	Damaged  bool          `json:"damaged"`  // it has to be restored
	Problems []string      `json:"problems"` // of the store, and of the hash keys that it needs
	Report   *store.Report `json:"store"`    // null: it could not be opened
	Keys     []keyCheck    `json:"hash_keys"`
}

// keyCheck says what a hash key is needed for, and whether it is there.
type keyCheck struct {
	ID      string `json:"id"`
	Secrets int    `json:"secrets"` // that may be used and are hashed under it
	Present bool   `json:"present"`
}

// newStoreCheck judges a report; keys may be nil.
func newStoreCheck(report *store.Report, keys *authz.HashKeys, file string) *storeCheck {
	out := &storeCheck{OK: true, Damaged: len(report.Problems) > 0, Keys: []keyCheck{}, Problems: []string{}}
	if report.Layout != 0 {
		out.Report = report
	}
	for _, p := range report.Problems {
		out.add(p)
	}
	if n := report.LostWrites; n > 0 {
		out.add(fmt.Sprintf("the log has lost its end, and with it %d groups of tokens that were issued; who holds one gets 401 and may ask for another, and nothing has to be restored", n))
	}
	out.judgeKeys(report.HashKeys, keys, file)
	return out
}

func (c *storeCheck) add(problem string) {
	c.OK = false
	c.Problems = append(c.Problems, problem)
}

// err is what a check ends with; nil: all is well.
func (c *storeCheck) err() error {
	if c.OK {
		return nil
	}
	text := strings.Join(c.Problems, "\n")
	if c.Damaged {
		text += "\nMove the directory away and restore a backup: scopegate restore --from FILE --data-dir DIR"
	}
	return errors.New("the store is not well: " + text)
}

// judgeKeys compares the keys that secrets need with those that are there.
func (c *storeCheck) judgeKeys(needed map[string]int, keys *authz.HashKeys, file string) {
	var there []string
	if keys != nil {
		there = keys.IDs()
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(there, slices.Collect(maps.Keys(needed)))))) {
		k := keyCheck{ID: id, Secrets: needed[id], Present: slices.Contains(there, id)}
		c.Keys = append(c.Keys, k)
		if !k.Present && keys != nil {
			c.add(fmt.Sprintf("%d secret(s) need the hash key %q, which is not in %s: they cannot authenticate", k.Secrets, id, file))
		}
	}
}

// table shows the check to people.
func (c *storeCheck) table(t *table) {
	if r := c.Report; r != nil {
		t.row("layout", r.Layout)
		t.row("clients", r.Clients)
		t.row("tokens", fmt.Sprintf("%d live or revoked, %d expired", r.Tokens-r.TokensExpired, r.TokensExpired))
		if r.Orphans > 0 {
			t.row("", fmt.Sprintf("%d of a client that is not there; they open nothing", r.Orphans))
		}
		t.row("revocations", r.Revocations)
		t.row("control log", fmt.Sprintf("events %d to %d, %d in all; acknowledged up to %d", r.FirstSeq, r.LastSeq, r.Events, r.Acknowledged))
		t.row("latest time noted", when(&r.ClockSeen))
		if r.Entries > 0 {
			t.row("small records", r.Entries)
		}
		if r.Usages > 0 {
			t.row("usages", r.Usages, "of a client each")
		}
		t.row("records in all", r.Records)
	}
	for _, k := range c.Keys {
		t.row("hash key "+k.ID, fmt.Sprintf("%d secret(s)", k.Secrets), map[bool]string{true: "there", false: "MISSING"}[k.Present])
	}
	for _, p := range c.Problems {
		t.row("PROBLEM", p)
	}
	if c.OK {
		t.row("all is well")
	}
}
