package badgerstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// A backup is a stream that is whole or worthless:
//
//	magic, then length(uvarint) and the header as JSON,
//	then records: key length(uvarint) key value length(uvarint) value,
//	then 0(uvarint), then SHA-256 of all before (32 bytes), then the end.
//
// Records are those of the store, in the layout that the header's schema
// names. No credential that works is in it: tokens are there as hashes,
// secrets as HMACs whose key lies elsewhere.
const backupMagic = "scopegate backup 1\n"

// BackupInfo says what is in a backup.
type BackupInfo struct {
	Schema    uint32    `json:"schema"`
	CreatedAt time.Time `json:"created_at"`
	LastSeq   authz.Seq `json:"last_seq"`
	Clients   uint64    `json:"clients"`
	Records   int64     `json:"-"` // how many followed
	Bytes     int64     `json:"-"` // of the whole stream
}

// backupChunk is how many bytes are read at a time: the store is not held
// while they are written to whoever reads slowly.
const backupChunk = 256 << 10

// Backup writes the store as it is at one instant, while it goes on being
// used. Hours that have expired are left out. After an error what was written
// is no backup.
func (s *Store) Backup(ctx context.Context, w io.Writer) (BackupInfo, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return BackupInfo{}, fmt.Errorf("back up: %w", err)
	}
	defer snap.close()
	out := &summed{w: w, sum: sha256.New()}
	info, err := snap.write(ctx, out)
	if err != nil {
		return BackupInfo{}, fmt.Errorf("back up: %w", err)
	}
	return info, nil
}

// snapshot is a view of the store at one instant that outlives a single call.
// The engine may be closed or opened again meanwhile, after which neither
// transaction nor iterator may be touched.
type snapshot struct {
	s       *Store
	life    int
	txn     *badger.Txn
	it      *badger.Iterator
	control control
	info    BackupInfo
	now     time.Time
}

func (s *Store) snapshot(ctx context.Context) (*snapshot, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.db == nil {
		return nil, s.absent()
	}
	txn := s.db.NewTransaction(false)
	c, err := readMeta(txn, metaControl, decodeControl)
	if err != nil {
		txn.Discard()
		return nil, classify(err)
	}
	now := s.opt.Now().UTC()
	if seen := s.ClockSeen(); seen.After(now) {
		now = seen
	}
	snap := &snapshot{s: s, life: s.life, txn: txn, control: c, now: now, info: BackupInfo{
		Schema: schemaVersion, CreatedAt: now.Truncate(time.Second), LastSeq: c.last, Clients: c.clients,
	}}
	snap.it = txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, PrefetchSize: 256})
	snap.it.Rewind()
	return snap, nil
}

// alive returns the error of a snapshot whose engine is gone. The gate is held.
func (p *snapshot) alive() error {
	switch {
	case p.s.db == nil:
		return p.s.absent()
	case p.s.life != p.life:
		return fmt.Errorf("%w: the store was opened again meanwhile", authz.ErrUnavailable)
	}
	return nil
}

func (p *snapshot) close() {
	p.s.gate.RLock()
	defer p.s.gate.RUnlock()
	if p.alive() == nil {
		p.it.Close()
		p.txn.Discard()
	}
}

func (p *snapshot) write(ctx context.Context, out *summed) (BackupInfo, error) {
	header, err := json.Marshal(p.info)
	if err != nil {
		return BackupInfo{}, err
	}
	frame := append([]byte(backupMagic), binary.AppendUvarint(nil, uint64(len(header)))...)
	if err := out.write(append(frame, header...)); err != nil {
		return BackupInfo{}, err
	}
	buf := make([]byte, 0, backupChunk+2*maxDocument)
	for more := true; more; {
		if err := ended(ctx); err != nil {
			return BackupInfo{}, err
		}
		if buf, more, err = p.chunk(buf[:0]); err != nil {
			return BackupInfo{}, err
		}
		if err := out.write(buf); err != nil {
			return BackupInfo{}, err
		}
	}
	if err := out.write([]byte{0}); err != nil {
		return BackupInfo{}, err
	}
	if err := out.write(out.sum.Sum(nil)); err != nil {
		return BackupInfo{}, err
	}
	p.info.Bytes = out.n
	return p.info, nil
}

// chunk appends the next records to buf; more is false after the last one.
func (p *snapshot) chunk(buf []byte) (out []byte, more bool, err error) {
	p.s.gate.RLock()
	defer p.s.gate.RUnlock()
	if err := p.alive(); err != nil {
		return nil, false, err
	}
	for ; p.it.Valid() && len(buf) < backupChunk; p.it.Next() {
		item := p.it.Item()
		if p.expired(item.Key()) {
			continue
		}
		buf = appendText(buf, string(item.Key()))
		if string(item.Key()) == string(metaClock.key()) {
			// Noted once a minute; what expired since must stay so where the backup
			// is restored, whatever the clock there says.
			buf = appendText(buf, string(encodeClock(p.now)))
			p.info.Records++
			continue
		}
		err := item.Value(func(v []byte) error {
			buf = append(binary.AppendUvarint(buf, uint64(len(v))), v...)
			return nil
		})
		if err != nil {
			return nil, false, classify(err)
		}
		p.info.Records++
	}
	return buf, p.it.Valid(), nil
}

// each calls f with the next records, up to n; more is false after the last
// one. What it is given is the engine's.
func (p *snapshot) each(n int, f func(key, value []byte)) (more bool, err error) {
	p.s.gate.RLock()
	defer p.s.gate.RUnlock()
	if err := p.alive(); err != nil {
		return false, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: storage engine: %.300v", errDamaged, r)
		}
	}()
	for ; p.it.Valid() && n > 0; p.it.Next() {
		n--
		key := p.it.Item().Key()
		if err := p.it.Item().Value(func(value []byte) error { f(key, value); return nil }); err != nil {
			return false, classify(err)
		}
	}
	return p.it.Valid(), nil
}

// expired reports whether the key belongs to an hour that is to be swept.
func (p *snapshot) expired(key []byte) bool {
	if key[0] != spaceToken && key[0] != spaceRevocation {
		return false
	}
	k, err := parseHashKey(key[0], key)
	return err == nil && isSwept(k.Hour, p.now)
}

// summed writes and sums what it writes.
type summed struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (o *summed) write(b []byte) error {
	n, err := o.w.Write(b)
	o.n += int64(n)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	o.sum.Write(b)
	return nil
}
