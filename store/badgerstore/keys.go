package badgerstore

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"scopegate/authz"
)

// Every key that is ever written is made in this file. The first byte names
// the key space; numbers are big-endian, so that keys sort as their numbers.
//
//	space  key                                  value
//	'c'    'c' uuid(16)                         client document (documents.go)
//	'd'    'd' length(1) namespace key          entry (entries.go)
//	'e'    'e' seq(8)                           event document (documents.go)
//	'm'    'm' name(1)                          see metaKey
//	'r'    'r' hour(4) hash(32)                 revocation (codec.go)
//	's'    's' id(4)                            grant set (codec.go)
//	't'    't' hour(4) hash(32)                 token (codec.go)
//	'u'    'u' uuid(16)                         usage of a client (usage_record.go)
const (
	spaceClient     = 'c'
	spaceEntry      = 'd'
	spaceEvent      = 'e'
	spaceMeta       = 'm'
	spaceRevocation = 'r'
	spaceSet        = 's'
	spaceToken      = 't'
	spaceUsage      = 'u'
)

// clientKey is 'c' followed by the 16 bytes of the client's UUID: its order is
// that of the ids' text.
type clientKey [16]byte

func clientKeyOf(id authz.ClientID) (clientKey, bool) {
	var k clientKey
	if _, err := authz.ParseClientID(string(id)); err != nil {
		return k, false
	}
	s := string(id)
	_, err := hex.Decode(k[:], []byte(s[0:8]+s[9:13]+s[14:18]+s[19:23]+s[24:36]))
	return k, err == nil
}

func (k clientKey) id() authz.ClientID {
	return authz.ClientID(fmt.Sprintf("%x-%x-%x-%x-%x", k[0:4], k[4:6], k[6:8], k[8:10], k[10:16]))
}

func (k clientKey) key() []byte { return append([]byte{spaceClient}, k[:]...) }

func parseClientKey(b []byte) (clientKey, error) {
	if len(b) != 17 || b[0] != spaceClient {
		return clientKey{}, fmt.Errorf("%w: client key %x", errDamaged, b)
	}
	return clientKey(b[1:]), nil
}

// entryKey is 'd' followed by the length of the namespace's name, the name, and
// the entry's key: at most 64 bytes, which is what a backup carries.
type entryKey struct{ namespace, entry string }

func (k entryKey) key() []byte {
	b := append(make([]byte, 0, 2+len(k.namespace)+len(k.entry)), spaceEntry, byte(len(k.namespace)))
	return append(append(b, k.namespace...), k.entry...)
}

func parseEntryKey(b []byte) (entryKey, error) {
	if len(b) < 2 || b[0] != spaceEntry || len(b) < 2+int(b[1]) {
		return entryKey{}, fmt.Errorf("%w: entry key %x", errDamaged, b)
	}
	end := 2 + int(b[1])
	k := entryKey{string(b[2:end]), string(b[end:])}
	if err := authz.CheckEntries(k.namespace, []authz.Entry{{Key: k.entry}}); err != nil {
		return entryKey{}, fmt.Errorf("%w: entry key %x", errDamaged, b)
	}
	return k, nil
}

// usageKey is 'u' followed by what follows in the key of the client.
type usageKey clientKey

func (k usageKey) key() []byte { return append([]byte{spaceUsage}, k[:]...) }

func parseUsageKey(b []byte) (usageKey, error) {
	if len(b) != 17 || b[0] != spaceUsage {
		return usageKey{}, fmt.Errorf("%w: usage key %x", errDamaged, b)
	}
	return usageKey(b[1:]), nil
}

// eventKey is 'e' followed by the position.
type eventKey authz.Seq

func (k eventKey) key() []byte { return binary.BigEndian.AppendUint64([]byte{spaceEvent}, uint64(k)) }

func parseEventKey(b []byte) (eventKey, error) {
	if len(b) != 9 || b[0] != spaceEvent {
		return 0, fmt.Errorf("%w: event key %x", errDamaged, b)
	}
	return eventKey(binary.BigEndian.Uint64(b[1:])), nil
}

// tokenKey is 't' followed by the hour of the token's end and its hash, so
// that a whole hour can be dropped by its prefix.
type tokenKey authz.TokenKey

func (k tokenKey) key() []byte { return hashKey(spaceToken, authz.TokenKey(k)) }

func parseTokenKey(b []byte) (tokenKey, error) {
	k, err := parseHashKey(spaceToken, b)
	return tokenKey(k), err
}

// revocationKey is 'r' followed by what follows in the key of the token.
type revocationKey authz.TokenKey

func (k revocationKey) key() []byte { return hashKey(spaceRevocation, authz.TokenKey(k)) }

func parseRevocationKey(b []byte) (revocationKey, error) {
	k, err := parseHashKey(spaceRevocation, b)
	return revocationKey(k), err
}

// hourPrefix begins the keys of one hour in one of both spaces.
func hourPrefix(space byte, hour authz.Hour) []byte {
	return binary.BigEndian.AppendUint32([]byte{space}, uint32(hour))
}

func hashKey(space byte, k authz.TokenKey) []byte {
	b := make([]byte, 0, 37)
	b = binary.BigEndian.AppendUint32(append(b, space), uint32(k.Hour))
	return append(b, k.Hash[:]...)
}

func parseHashKey(space byte, b []byte) (authz.TokenKey, error) {
	if len(b) != 37 || b[0] != space {
		return authz.TokenKey{}, fmt.Errorf("%w: key %x in space %q", errDamaged, b, space)
	}
	return authz.TokenKey{Hour: authz.Hour(binary.BigEndian.Uint32(b[1:5])), Hash: authz.TokenHash(b[5:])}, nil
}

// setKey is 's' followed by the number of a grant set.
type setKey uint32

func (k setKey) key() []byte { return binary.BigEndian.AppendUint32([]byte{spaceSet}, uint32(k)) }

func parseSetKey(b []byte) (setKey, error) {
	if len(b) != 5 || b[0] != spaceSet {
		return 0, fmt.Errorf("%w: set key %x", errDamaged, b)
	}
	return setKey(binary.BigEndian.Uint32(b[1:])), nil
}

// metaKey is 'm' followed by one byte.
type metaKey byte

const (
	metaSchema  metaKey = 1 // version(4)
	metaControl metaKey = 2 // first(8) last(8) clients(8): see control
	metaClock   metaKey = 3 // Unix seconds(8): the latest clock seen
)

func (k metaKey) key() []byte { return []byte{spaceMeta, byte(k)} }
