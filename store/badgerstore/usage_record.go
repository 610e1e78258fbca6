package badgerstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"scopegate/authz"
)

// A usage's value: version(1), then uvarints: since, last (Unix seconds; 0:
// never), requests, tokens, early tokens; twice day, requests, tokens, early
// tokens; the number of scopes; and for each of them its length(uvarint), its
// text, since, last and uses.
func encodeUsage(u *authz.Usage) []byte {
	b := []byte{versionUsage}
	b = appendNumbers(b, unixOf(u.Since), unixOf(u.LastUsedAt))
	b = appendTally(b, u.Total)
	for _, m := range u.Marks {
		b = appendTally(appendNumbers(b, uint64(m.Day)), m.Then)
	}
	b = appendNumbers(b, uint64(len(u.Scopes)))
	for i := range u.Scopes {
		s := &u.Scopes[i]
		b = appendText(b, string(s.Scope))
		b = appendNumbers(b, unixOf(s.Since), unixOf(s.LastUsedAt), s.Uses)
	}
	return b
}

func decodeUsage(b []byte) (authz.Usage, error) {
	if len(b) == 0 || b[0] != versionUsage {
		return authz.Usage{}, fmt.Errorf("%w: usage record of %d bytes", errDamaged, len(b))
	}
	r := numberReader{rest: b[1:]}
	u := authz.Usage{Since: r.time(), LastUsedAt: r.time(), Total: r.tally()}
	for i := range u.Marks {
		u.Marks[i] = authz.Mark{Day: r.upTo(maxUnix), Then: r.tally()}
	}
	for n := r.number(); n > 0 && !r.bad; n-- {
		u.Scopes = append(u.Scopes, authz.ScopeUsage{Scope: r.scope(), Since: r.time(), LastUsedAt: r.time(), Uses: r.number()})
	}
	if r.bad || len(r.rest) > 0 {
		return authz.Usage{}, fmt.Errorf("%w: usage record of %d bytes", errDamaged, len(b))
	}
	return u, nil
}

func appendNumbers(b []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func appendTally(b []byte, t authz.Tally) []byte {
	return appendNumbers(b, t.Requests, t.Tokens, t.EarlyTokens)
}

func unixOf(t time.Time) uint64 {
	return uint64(max(t.Unix(), 0)) // the zero time lies far below
}

// numberReader reads a usage record; bad, once set, stays.
type numberReader struct {
	rest []byte
	bad  bool
}

func (r *numberReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// maxUnix is the last second of the year 9999, far beyond which times cannot
// be written as text.
const maxUnix = 253402300799

func (r *numberReader) upTo(most uint64) int64 {
	v := r.number()
	if v > most {
		r.bad = true
		return 0
	}
	return int64(v)
}

func (r *numberReader) time() time.Time {
	v := r.upTo(maxUnix)
	if v == 0 {
		return time.Time{}
	}
	return time.Unix(v, 0).UTC()
}

func (r *numberReader) tally() authz.Tally {
	return authz.Tally{Requests: r.number(), Tokens: r.number(), EarlyTokens: r.number()}
}

func (r *numberReader) scope() authz.Scope {
	text, rest, ok := cutText(r.rest)
	scope, err := authz.ParseScope(text)
	if !ok || err != nil {
		r.bad = true
	}
	r.rest = rest
	return scope
}
