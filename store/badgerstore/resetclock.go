package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"scopegate/authz"
)

// ErrClockNotAhead: the latest time noted is not so far ahead that it keeps
// anybody from issuing, so there is nothing to set back.
var ErrClockNotAhead = errors.New("the latest time noted is not ahead of the clock")

// ResetOptions say how the noted time of a directory is set back.
type ResetOptions struct {
	Dir    string
	Now    func() time.Time // what it is set to; nil: time.Now
	Change authz.Change     // who does it, and why; its kind and time are set here, and its detail extended
}

// ClockReset says what was done.
type ClockReset struct {
	Noted   time.Time `json:"noted"`   // the latest time that had been noted
	SetTo   time.Time `json:"set_to"`  // the time that is noted now
	Clients int       `json:"clients"` // how many were changed, see authz.Client.SetBack
	Tokens  int64     `json:"tokens"`  // how many were stored; all are gone
}

// resetChunk is how many clients one transaction changes: it takes so many of
// the largest.
const resetChunk = 8

// ResetClock sets the latest time that a store has noted back to that of the
// clock, after a clock that stood far ahead was believed. So that nothing
// expired comes back and nothing lives on for as long as the clock was wrong,
// every client is set back as authz.Client.SetBack says and all tokens go; each
// change has its event. The time is set last: who is interrupted begins anew.
//
// ErrInUse if a process has the directory open, ErrClockNotAhead if there is
// nothing to set back by more than authz.MaxClockBehind.
func ResetClock(ctx context.Context, o ResetOptions) (ClockReset, error) {
	r, err := resetClock(ctx, o)
	if err != nil {
		return r, fmt.Errorf("set back the time of the store in %s: %w", o.Dir, advise(err))
	}
	return r, nil
}

func resetClock(ctx context.Context, o ResetOptions) (r ClockReset, err error) {
	if _, err := os.Stat(o.Dir); err != nil {
		return r, err
	}
	s, err := open(ctx, Options{Dir: o.Dir, DiskReserve: -1, Now: o.Now, untended: true})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r.Noted, r.SetTo = s.ClockSeen(), s.opt.Now().UTC().Truncate(time.Second)
	if r.Noted.Sub(r.SetTo) <= authz.MaxClockBehind {
		return r, ErrClockNotAhead
	}
	report, err := s.checkAll(ctx, func(int64) {})
	if err != nil {
		return r, err
	}
	r.Tokens = report.Tokens
	o.Change.At = r.SetTo
	if r.Clients, err = s.setBackClients(ctx, o.Change, r.Noted); err != nil {
		return r, err
	}
	if err := s.dropTokens(ctx); err != nil {
		return r, err
	}
	return r, s.setBack(ctx, o.Change, r)
}

// setBackClients changes all clients and counts them.
func (s *Store) setBackClients(ctx context.Context, ch authz.Change, noted time.Time) (int, error) {
	ch.Kind, ch.Detail = authz.EventTokensRevoked, also("all tokens, since the noted time is set back", ch.Detail)
	n := 0
	for q := (authz.ClientQuery{Limit: resetChunk}); ; {
		page, err := s.Clients(ctx, q)
		if err != nil {
			return n, err
		}
		o := &op{class: classChange, stage: func(b *batch) error {
			for i := range page.Clients {
				changed, err := b.stageSetBack(page.Clients[i].ID, ch, noted)
				if err != nil {
					return err
				}
				if changed {
					n++
				}
			}
			return nil
		}}
		if err := s.submit(ctx, o); err != nil {
			return n, err
		}
		if q.After = page.Next; q.After == "" {
			return n, nil
		}
	}
}

func (b *batch) stageSetBack(id authz.ClientID, ch authz.Change, noted time.Time) (changed bool, err error) {
	before, err := readClient(b.txn, id)
	if err != nil {
		return false, classify(err)
	}
	c, changed := before.SetBack(noted, ch.At)
	if !changed {
		return false, nil
	}
	document, err := encodeClient(&c)
	if err != nil {
		return false, err
	}
	event, err := encodeEvent(&authz.Event{Change: ch, ClientID: id, Generation: c.Generation})
	if err != nil {
		return false, err
	}
	key, _ := clientKeyOf(id) // it was found by it
	b.remember(key, &before)
	if err := b.set(key.key(), document); err != nil {
		return false, err
	}
	_, err = b.stageEvent(event)
	return true, err
}

// dropTokens removes all tokens, which are dead by their clients' generations,
// and then what revoked some of them.
func (s *Store) dropTokens(ctx context.Context) error {
	return s.exclusive(ctx, func() error {
		for _, space := range []byte{spaceToken, spaceRevocation} {
			if err := s.db.DropPrefix([]byte{space}); err != nil {
				return fmt.Errorf("%w: drop tokens: %w", authz.ErrUnavailable, err)
			}
			if err := s.followLogs(); err != nil {
				return err
			}
		}
		return nil
	})
}

// setBack notes the time and the event of it, in one step.
func (s *Store) setBack(ctx context.Context, ch authz.Change, r ClockReset) error {
	ch.Kind = authz.EventClockSetBack
	ch.Detail = also(fmt.Sprintf("noted time from %s to %s; %d tokens ended, %d clients changed",
		r.Noted.Format(time.RFC3339), r.SetTo.Format(time.RFC3339), r.Tokens, r.Clients), ch.Detail)
	event, err := encodeEvent(&authz.Event{Change: ch})
	if err != nil {
		return err
	}
	return s.submit(ctx, &op{class: classChange, stage: func(b *batch) error {
		if err := b.set(metaClock.key(), encodeClock(r.SetTo)); err != nil {
			return err
		}
		b.after = append(b.after, func() { s.clock.Store(r.SetTo.Unix()) })
		_, err := b.stageEvent(event)
		return err
	}})
}

// also appends what else is to be said.
func also(text, more string) string {
	if more == "" {
		return text
	}
	return text + "; " + more
}
