package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Report says what a store holds.
type Report struct {
	Layout        uint32         `json:"layout"`
	Records       int64          `json:"records"` // of all kinds
	Clients       int64          `json:"clients"`
	Tokens        int64          `json:"tokens"`
	TokensExpired int64          `json:"tokens_expired"`            // of Tokens; their hours are not swept yet
	Orphans       int64          `json:"tokens_of_unknown_clients"` // of Tokens; they open nothing
	Revocations   int64          `json:"revocations"`
	Sets          int64          `json:"grant_sets"` // that tokens share
	Entries       int64          `json:"entries"`    // of all namespaces
	Usages        int64          `json:"usages"`     // clients whose uses are kept
	Events        int64          `json:"events"`
	FirstSeq      authz.Seq      `json:"first_event"`
	LastSeq       authz.Seq      `json:"last_event"`
	Acknowledged  authz.Seq      `json:"acknowledged_event"` // the last one that the ledger vouches for
	LostWrites    uint64         `json:"lost_writes"`        // of CheckDir: groups of acknowledged tokens that are not there
	ClockSeen     time.Time      `json:"clock_seen"`         // the latest time noted
	HashKeys      map[string]int `json:"hash_keys"`          // secrets that may be used, by the key they are hashed under
	Problems      []string       `json:"-"`                  // up to 20; none: nothing is wrong
}

// maxProblems bounds how many problems are named.
const maxProblems = 20

// checkChunk is how many records are read while the engine is held.
const checkChunk = 4096

// CheckAll reads every record, while the store goes on being used: that each
// can be read, that the control log is contiguous and goes as far as the
// ledger, and that what records refer to is there. The error names the
// problems, which are in the report too.
func (s *Store) CheckAll(ctx context.Context) (Report, error) {
	report, err := s.checkAll(ctx, func(int64) {})
	if err != nil {
		return report, fmt.Errorf("check the store in %s: %w", s.opt.Dir, advise(err))
	}
	return report, nil
}

// checkAll tells progress how many records were read.
func (s *Store) checkAll(ctx context.Context, progress func(records int64)) (Report, error) {
	err := s.view(ctx, func(*badger.Txn) error {
		// Badger's iterators take a block that they cannot read for the end.
		if err := s.db.VerifyChecksum(); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		return nil
	})
	if err != nil {
		return Report{Problems: problemsOf(err)}, err
	}
	acknowledged := s.durable.last.Load() // before the snapshot, which may see more
	snap, err := s.snapshot(ctx)
	if err != nil {
		return Report{Problems: problemsOf(err)}, err
	}
	defer snap.close()
	c := newChecker(snap.control, snap.now)
	for more := true; more; {
		if err := ended(ctx); err != nil {
			return c.report, err
		}
		if more, err = snap.each(checkChunk, c.record); err != nil {
			c.report.Problems = problemsOf(err)
			return c.report, err
		}
		progress(c.report.Records)
	}
	return c.finish(authz.Seq(acknowledged))
}

// problemsOf is what a report names of an error: damage, and nothing else.
func problemsOf(err error) []string {
	if !errors.Is(err, errDamaged) {
		return nil
	}
	lines := strings.Split(err.Error(), "\n")
	return lines[:min(len(lines), maxProblems)]
}
