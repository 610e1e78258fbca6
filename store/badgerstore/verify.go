package badgerstore

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
)

// VerifyBackup reads a backup to its end and says what is in it, or that it is
// cut or was changed. It keeps nothing.
func VerifyBackup(r io.Reader) (BackupInfo, error) {
	l := &loader{progress: func(int64) {}, in: bufio.NewReaderSize(r, 256<<10), sum: sha256.New()}
	info, err := l.header()
	for err == nil {
		var key []byte
		if key, err = l.text(64); err != nil {
			break
		}
		if len(key) == 0 {
			err = l.end()
			break
		}
		info.Records++
		_, err = l.text(2 * maxDocument)
	}
	info.Bytes = l.done
	if err != nil {
		return info, fmt.Errorf("verify: %w", err)
	}
	return info, nil
}
