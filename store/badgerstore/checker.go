package badgerstore

import (
	"errors"
	"fmt"
	"time"

	"scopegate/authz"
)

// checker looks at records in the order of their keys: clients, events and
// grant sets come before the tokens that refer to them.
type checker struct {
	report   Report
	control  control
	now      time.Time
	clients  map[clientKey]struct{}
	sets     map[setKey]struct{}
	next     authz.Seq
	problems []error
}

func newChecker(c control, now time.Time) *checker {
	return &checker{
		control: c, now: now, clients: map[clientKey]struct{}{}, sets: map[setKey]struct{}{}, next: c.first,
		report: Report{FirstSeq: c.first, LastSeq: c.last, HashKeys: map[string]int{}},
	}
}

func (c *checker) problem(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...))
	}
}

func (c *checker) record(key, value []byte) {
	var err error
	switch key[0] {
	case spaceClient:
		err = c.client(key, value)
	case spaceEntry:
		err = c.entry(key, value)
	case spaceEvent:
		err = c.event(key, value)
	case spaceMeta:
		err = c.meta(key, value)
	case spaceRevocation:
		err = c.revocation(key, value)
	case spaceSet:
		err = c.set(key, value)
	case spaceToken:
		err = c.token(key, value)
	case spaceUsage:
		err = c.usage(key, value)
	default:
		err = fmt.Errorf("%w: a key in the unknown space %q", errDamaged, key[0])
	}
	if err != nil && len(c.problems) < maxProblems {
		c.problems = append(c.problems, err)
	}
	c.report.Records++
}

func (c *checker) client(key, value []byte) error {
	c.report.Clients++
	k, err := parseClientKey(key)
	if err != nil {
		return err
	}
	c.clients[k] = struct{}{}
	client, err := decodeClient(k, value)
	for i := range client.Secrets {
		if client.Secrets[i].Live(c.now) {
			c.report.HashKeys[client.Secrets[i].HashKeyID]++
		}
	}
	return err
}

func (c *checker) entry(key, value []byte) error {
	c.report.Entries++
	if _, err := parseEntryKey(key); err != nil {
		return err
	}
	_, err := decodeEntry(value)
	return err
}

func (c *checker) meta(key, value []byte) (err error) {
	switch string(key) {
	case string(metaSchema.key()):
		c.report.Layout, err = decodeSchema(value)
	case string(metaClock.key()):
		c.report.ClockSeen, err = decodeClock(value)
	}
	return err
}

func (c *checker) event(key, value []byte) error {
	k, err := parseEventKey(key)
	if err != nil || authz.Seq(k) < c.control.first {
		return err
	}
	c.report.Events++
	if authz.Seq(k) != c.next {
		c.problem("event %d stands where %d should", k, c.next)
	}
	c.next = authz.Seq(k) + 1
	_, err = decodeEvent(k, value)
	return err
}

func (c *checker) revocation(key, value []byte) error {
	c.report.Revocations++
	k, err := parseRevocationKey(key)
	if err != nil {
		return err
	}
	seq, err := decodeRevocation(value)
	if err == nil && (seq == 0 || seq > c.control.last) {
		c.problem("the revocation of token %s names event %d of %d", k.Hash.ID(), seq, c.control.last)
	}
	return err
}

func (c *checker) set(key, value []byte) error {
	c.report.Sets++
	k, err := parseSetKey(key)
	if err != nil {
		return err
	}
	c.sets[k] = struct{}{}
	_, err = decodeSet(value)
	return err
}

func (c *checker) token(key, value []byte) error {
	c.report.Tokens++
	k, err := parseTokenKey(key)
	if err != nil {
		return err
	}
	r, err := decodeToken(value)
	if err != nil {
		return fmt.Errorf("token %s: %w", k.Hash.ID(), err)
	}
	if r.expires(k.Hour) <= c.now.Unix() {
		c.report.TokensExpired++
	}
	if _, ok := c.sets[r.set]; r.inline == nil && !ok {
		c.problem("token %s names the grant set %d, which is missing", k.Hash.ID(), r.set)
	}
	if _, ok := c.clients[r.client]; !ok {
		c.report.Orphans++
	}
	return nil
}

// finish compares the counts with what the store says of itself, and the end of
// the control log with the ledger.
func (c *checker) finish(acknowledged authz.Seq) (Report, error) {
	c.report.Acknowledged = acknowledged
	if c.next != c.control.last+1 {
		c.problem("the control log ends at %d, not at %d", c.next-1, c.control.last)
	}
	if uint64(c.report.Clients) != c.control.clients {
		c.problem("it holds %d clients, not %d", c.report.Clients, c.control.clients)
	}
	if c.control.last < acknowledged {
		c.problem("the control log ends at %d, the %s says that %d was acknowledged", c.control.last, ledgerName, acknowledged)
	}
	if len(c.problems) == 0 {
		return c.report, nil
	}
	err := errors.Join(c.problems...)
	c.report.Problems = problemsOf(err)
	return c.report, fmt.Errorf("%w: %w", authz.ErrUnavailable, err)
}

func (c *checker) usage(key, value []byte) error {
	c.report.Usages++
	k, err := parseUsageKey(key)
	if err != nil {
		return err
	}
	if _, ok := c.clients[clientKey(k)]; !ok {
		c.problem("there is a usage of client %s, which is missing", clientKey(k).id())
	}
	if _, err := decodeUsage(value); err != nil {
		return fmt.Errorf("usage of client %s: %w", clientKey(k).id(), err)
	}
	return nil
}
