package badgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"scopegate/authz"
)

// errDamaged: a record or a file is not what was written. Every error of
// decoding wraps it.
var errDamaged = errors.New("damaged")

// The first byte of a record is the version of its own layout.
const (
	versionTokenSet    = 1 // token that names a grant set
	versionTokenInline = 2 // token that carries its grant set
	versionRevocation  = 1
	versionSet         = 1
	versionDocument    = 1
	versionEntry       = 1
	versionUsage       = 1
)

// tokenRecord is a token's value; what its key says is not in it.
//
//	version(1) client(16) issued(4, Unix seconds) end(2, seconds in the hour)
//	generation(uvarint), then set(uvarint) or the set's own bytes
//
// 27 bytes for a client's first 128 generations and sets.
type tokenRecord struct {
	client     clientKey
	issued     uint32
	end        uint16
	generation uint64
	set        setKey    // 0: inline
	inline     *grantSet // of an inline one
}

func (r *tokenRecord) encode() []byte {
	b := make([]byte, 0, 44)
	version := byte(versionTokenSet)
	if r.set == 0 {
		version = versionTokenInline
	}
	b = append(append(b, version), r.client[:]...)
	b = binary.BigEndian.AppendUint32(b, r.issued)
	b = binary.BigEndian.AppendUint16(b, r.end)
	b = binary.AppendUvarint(b, r.generation)
	if r.set == 0 {
		return append(b, r.inline.encode()...)
	}
	return binary.AppendUvarint(b, uint64(r.set))
}

func decodeToken(b []byte) (tokenRecord, error) {
	var r tokenRecord
	if len(b) < 24 || b[0] != versionTokenSet && b[0] != versionTokenInline {
		return r, fmt.Errorf("%w: token record of %d bytes", errDamaged, len(b))
	}
	r.client = clientKey(b[1:17])
	r.issued = binary.BigEndian.Uint32(b[17:21])
	r.end = binary.BigEndian.Uint16(b[21:23])
	generation, n := binary.Uvarint(b[23:])
	if n <= 0 || r.end >= 3600 {
		return r, fmt.Errorf("%w: token record", errDamaged)
	}
	r.generation = generation
	rest := b[23+n:]
	if b[0] == versionTokenInline {
		set, err := decodeSet(rest)
		r.inline = set
		return r, err
	}
	set, n := binary.Uvarint(rest)
	if n <= 0 || n != len(rest) || set == 0 || set > math.MaxUint32 {
		return r, fmt.Errorf("%w: set of a token record", errDamaged)
	}
	r.set = setKey(set)
	return r, nil
}

// recordOf makes the record of a token whose grant set is known or inline.
func recordOf(t *authz.AccessToken, id setKey, set *grantSet) (tokenRecord, error) {
	client, ok := clientKeyOf(t.ClientID)
	issued := t.IssuedAt.Unix()
	if !ok || issued < 0 || issued > math.MaxUint32 {
		return tokenRecord{}, fmt.Errorf("token %s: client %.40q, issued %s cannot be stored", t.Key.Hash.ID(), string(t.ClientID), t.IssuedAt)
	}
	r := tokenRecord{
		client: client, issued: uint32(issued), end: uint16(t.ExpiresAt.Unix() - int64(t.Key.Hour)*3600),
		generation: t.Generation, set: id,
	}
	if id == 0 {
		r.inline = set
	}
	return r, nil
}

// expires returns the end of the token in Unix seconds.
func (r *tokenRecord) expires(hour authz.Hour) int64 { return int64(hour)*3600 + int64(r.end) }

// token puts key, record and grant set together again.
func (r *tokenRecord) token(key authz.TokenKey, set *grantSet, revoked bool) authz.AccessToken {
	return authz.AccessToken{
		Key: key, ClientID: r.client.id(), Generation: r.generation, Grant: set.grant, Scopes: set.scopes,
		Resources: append([]string(nil), set.resources...),
		IssuedAt:  time.Unix(int64(r.issued), 0).UTC(), ExpiresAt: time.Unix(r.expires(key.Hour), 0).UTC(), Revoked: revoked,
	}
}

// A revocation's value: version(1) seq(8), the position of its event.
func encodeRevocation(seq authz.Seq) []byte {
	return binary.BigEndian.AppendUint64([]byte{versionRevocation}, uint64(seq))
}

func decodeRevocation(b []byte) (authz.Seq, error) {
	if len(b) != 9 || b[0] != versionRevocation {
		return 0, fmt.Errorf("%w: revocation record of %d bytes", errDamaged, len(b))
	}
	return authz.Seq(binary.BigEndian.Uint64(b[1:])), nil
}

// control is what the store knows of its control log; it is written in the
// same transaction as every event.
//
//	first(8) last(8) clients(8)
type control struct {
	first   authz.Seq // the oldest event kept; last+1: none
	last    authz.Seq
	clients uint64 // how many there are; none is ever deleted
}

func (c control) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.first))
	b = binary.BigEndian.AppendUint64(b, uint64(c.last))
	return binary.BigEndian.AppendUint64(b, c.clients)
}

func decodeControl(b []byte) (control, error) {
	if len(b) != 24 {
		return control{}, fmt.Errorf("%w: control record of %d bytes", errDamaged, len(b))
	}
	return control{
		first: authz.Seq(binary.BigEndian.Uint64(b)), last: authz.Seq(binary.BigEndian.Uint64(b[8:])), clients: binary.BigEndian.Uint64(b[16:]),
	}, nil
}

func encodeClock(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t.Unix())) }

func decodeClock(b []byte) (time.Time, error) {
	if len(b) != 8 {
		return time.Time{}, fmt.Errorf("%w: clock record of %d bytes", errDamaged, len(b))
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b)), 0).UTC(), nil
}

func encodeSchema(version uint32) []byte { return binary.BigEndian.AppendUint32(nil, version) }

func decodeSchema(b []byte) (uint32, error) {
	if len(b) != 4 {
		return 0, fmt.Errorf("%w: schema record of %d bytes", errDamaged, len(b))
	}
	return binary.BigEndian.Uint32(b), nil
}
