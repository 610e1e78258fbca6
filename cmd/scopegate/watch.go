package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a changed file must rest before it is read, so that a
// save in several steps is read once.
const settle = 200 * time.Millisecond

// watchRoutes reloads when the routes file changes. It watches the directory,
// since editors replace files and ConfigMaps swap a link above them, and it
// compares contents, so that what says the same reloads nothing. A briefly
// empty or missing file is waited out.
func (s *server) watchRoutes(ctx context.Context) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		s.log.Warn("routes file not watched", "error", err)
		return
	}
	defer watcher.Close()
	if err := watcher.Add(filepath.Dir(s.o.routes)); err != nil {
		s.log.Warn("routes file not watched", "error", err)
		return
	}
	seen := contentSum(s.o.routes)
	rest := time.NewTimer(settle)
	defer rest.Stop()
	for {
		select {
		case _, ok := <-watcher.Events:
			if !ok {
				return
			}
			rest.Reset(settle)
		case err, ok := <-watcher.Errors:
			if !ok {
				return
			}
			s.log.Warn("watching the routes file", "error", err)
		case <-rest.C:
			if now := contentSum(s.o.routes); now != nil && !bytes.Equal(now, seen) {
				seen = now
				s.reloadAndLog(ctx, "file changed")
			}
		case <-ctx.Done():
			return
		}
	}
}

// contentSum returns the hash of a file, nil if it is empty or not there.
func contentSum(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	sum := sha256.Sum256(data)
	return sum[:]
}
