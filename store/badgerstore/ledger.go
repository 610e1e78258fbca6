package badgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"scopegate/authz"
)

const ledgerName = "ledger"

// ledger is a file beside Badger's that says how far the control log has been
// acknowledged. Badger cuts a write-ahead log at the first entry that it
// cannot read and goes on without a word; a store that then ends before what
// the ledger says has lost changes, perhaps revocations, and is not opened.
//
// Two slots, written in turn, so that one is whole whatever happens:
//
//	slot at 0 and at 4096: magic(8) last(8) clients(8) crc32(4, IEEE, of all before)
//
// Tokens are in no control log. A third place has the version, Badger's, of the
// newest transaction that is on disk, so that the loss of tokens is told:
//
//	at 8192: magic(8) version(8) crc32(4, IEEE, of all before)
//
// It is written after each sync and not synced itself, so it never says more
// than there is; after a power cut it may be as old as the kernel lets a page
// be dirty, half a minute by default. It may be missing, as in a ledger of an
// earlier version.
type ledger struct {
	file *os.File
	slot int64
}

const (
	ledgerMagic = "SGLEDGR1"
	ledgerSlot  = 4096
	ledgerSize  = len(ledgerMagic) + 8 + 8 + 4

	versionMagic = "SGLTOKN1"
	versionAt    = 2 * ledgerSlot
	versionSize  = len(versionMagic) + 8 + 4
)

// errNoLedger: there is no ledger file.
var errNoLedger = errors.New("no ledger")

// openLedger opens the ledger and returns what it says.
func openLedger(dir string) (*ledger, control, error) {
	f, err := os.OpenFile(filepath.Join(dir, ledgerName), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, control{}, errNoLedger
	}
	if err != nil {
		return nil, control{}, err
	}
	l, best, found := &ledger{file: f}, control{}, false
	for slot := range int64(2) {
		c, ok := l.read(slot)
		if ok && (!found || c.last >= best.last) {
			best, found = c, true
			l.slot = 1 - slot
		}
	}
	if !found {
		_ = f.Close()
		return nil, control{}, fmt.Errorf("%w: the file %s", errDamaged, ledgerName)
	}
	return l, best, nil
}

// makeLedger makes a new one; it is durable when it returns.
func makeLedger(dir string, c control) (*ledger, error) {
	f, err := os.OpenFile(filepath.Join(dir, ledgerName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{file: f}
	if err := errors.Join(l.write(c), l.write(c), syncDir(dir)); err != nil {
		_ = f.Close()
		return nil, err
	}
	return l, nil
}

func (l *ledger) read(slot int64) (control, bool) {
	b := make([]byte, ledgerSize)
	if _, err := l.file.ReadAt(b, slot*ledgerSlot); err != nil && !errors.Is(err, io.EOF) {
		return control{}, false
	}
	body := b[:ledgerSize-4]
	if string(b[:8]) != ledgerMagic || binary.BigEndian.Uint32(b[ledgerSize-4:]) != crc32.ChecksumIEEE(body) {
		return control{}, false
	}
	return control{last: authz.Seq(binary.BigEndian.Uint64(b[8:])), clients: binary.BigEndian.Uint64(b[16:])}, true
}

// write notes what is about to be acknowledged, and syncs.
func (l *ledger) write(c control) error {
	b := append(make([]byte, 0, ledgerSize), ledgerMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.last))
	b = binary.BigEndian.AppendUint64(b, c.clients)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	if _, err := l.file.WriteAt(b, l.slot*ledgerSlot); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	if err := unix.Fdatasync(int(l.file.Fd())); err != nil {
		return fmt.Errorf("sync the ledger: %w", err)
	}
	l.slot = 1 - l.slot
	return nil
}

// noteVersion notes the newest transaction that is on disk.
func (l *ledger) noteVersion(version uint64) error {
	b := append(make([]byte, 0, versionSize), versionMagic...)
	b = binary.BigEndian.AppendUint64(b, version)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	if _, err := l.file.WriteAt(b, versionAt); err != nil {
		return fmt.Errorf("note the newest transaction in the ledger: %w", err)
	}
	return nil
}

// version returns what noteVersion noted last; 0: it is not known.
func (l *ledger) version() uint64 {
	b := make([]byte, versionSize)
	if _, err := l.file.ReadAt(b, versionAt); err != nil {
		return 0
	}
	body := b[:versionSize-4]
	if string(b[:len(versionMagic)]) != versionMagic || binary.BigEndian.Uint32(b[versionSize-4:]) != crc32.ChecksumIEEE(body) {
		return 0
	}
	return binary.BigEndian.Uint64(b[len(versionMagic):])
}

// close closes the file; nil is closed already.
func (l *ledger) close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
