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

// settle is how long a changed file must stay as it is before it is loaded, so
// that a save in several steps is loaded once.
const settle = 200 * time.Millisecond

// watchRoutes reloads when the routes file changes. It watches the directory,
// since editors replace files and ConfigMaps swap a link above them, and it
// compares contents with what was read last, whoever asked for it, so that what
// says the same reloads nothing. A briefly empty or missing file is waited out.
func (s *server) watchRoutes(ctx context.Context) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		s.log.Warn("routes file not watched", "error", err)
		return
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(filepath.Dir(s.o.routes)); err != nil {
		s.log.Warn("routes file not watched", "error", err)
		return
	}
	look := time.NewTimer(settle)
	defer look.Stop()
	armed := true
	var seen *[sha256.Size]byte // at the look before, if it said something new
	for {
		select {
		case _, ok := <-watcher.Events:
			if !ok {
				return
			}
			// Never pushed back: a log beside the file may be written without a pause.
			if !armed {
				armed = true
				look.Reset(settle)
			}
		case err, ok := <-watcher.Errors:
			if !ok {
				return
			}
			s.log.Warn("watching the routes file", "error", err)
		case <-look.C:
			now := contentSum(s.o.routes)
			fresh := now != nil && *now != *s.read.Load()
			switch {
			case fresh && seen != nil && *seen == *now:
				s.reloadAndLog(ctx, "file changed")
				seen, armed = nil, false
			case fresh:
				seen = now
				look.Reset(settle)
			default:
				seen, armed = nil, false
			}
		case <-ctx.Done():
			return
		}
	}
}

// contentSum returns the hash of a file, nil if it is empty or not there.
func contentSum(path string) *[sha256.Size]byte {
	data, err := os.ReadFile(path)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	sum := sha256.Sum256(data)
	return &sum
}
