package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"scopegate/gateway/limit"
)

const (
	quotasFile = "quotas.json"
	// quotasEvery is how often what was used of the quotas is written; a crash
	// forgets at most that much.
	quotasEvery = 10 * time.Second
)

// quotaRecord is the content of the file.
type quotaRecord struct {
	Version int                       `json:"version"` // 1
	Routes  map[string]limit.Snapshot `json:"routes"`
}

// restoreQuotas reads what was used before the start. A file that cannot be
// read is said and costs the counts: no quota is worth a gateway that does not
// start.
func (s *server) restoreQuotas() {
	path := filepath.Join(s.o.dataDir, quotasFile)
	used, err := readQuotas(path)
	if err != nil {
		s.log.Error("what was used of the quotas is not known; they begin anew", "file", path, "error", err)
		return
	}
	s.gateway.RestoreQuotas(used)
}

func readQuotas(path string) (map[string]limit.Snapshot, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var record quotaRecord
	if err := json.Unmarshal(data, &record); err != nil {
		return nil, err
	}
	if record.Version != 1 {
		return nil, fmt.Errorf("version %d is not 1", record.Version)
	}
	return record.Routes, nil
}

// keepQuotas writes what was used, if it changed, until ctx ends, and once
// more then.
func (s *server) keepQuotas(ctx context.Context) {
	tick := time.NewTicker(quotasEvery)
	defer tick.Stop()
	var written []byte
	for {
		select {
		case <-tick.C:
			written = s.writeQuotas(written)
		case <-ctx.Done():
			s.writeQuotas(written)
			return
		}
	}
}

// writeQuotas returns what the file holds now. Without a quota there is none.
func (s *server) writeQuotas(written []byte) []byte {
	used := s.gateway.QuotaSnapshot()
	if len(used) == 0 {
		return written
	}
	data, err := json.Marshal(quotaRecord{1, used}) // keys in order: the same counts are the same bytes
	if err == nil && bytes.Equal(data, written) {
		return written
	}
	if err == nil {
		err = writeDurably(filepath.Join(s.o.dataDir, quotasFile), data)
	}
	if err != nil {
		s.log.Warn("what was used of the quotas is not written; it is tried again", "error", err)
		return written
	}
	return data
}
