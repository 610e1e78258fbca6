//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// failing is one way for a disk to fail. Calls on sockets and on the log are
// left alone: only those that touch the store's files are made to fail.
type failing struct {
	name   string
	inject string   // strace's -e inject=
	paths  []string // only calls on these files of the store; none: all calls
}

// failings are what the store's durability rests on: msync of the write-ahead
// log, fsync of tables and directories, fdatasync and pwrite of the ledger.
var failings = []failing{
	{"EIO in msync, fsync and fdatasync", "msync,fsync,fdatasync:error=EIO", nil},
	{"ENOSPC in msync, fsync and fdatasync", "msync,fsync,fdatasync:error=ENOSPC", nil},
	{"EIO in msync", "msync:error=EIO", nil},
	{"EIO in every third msync", "msync:error=EIO:when=3+3", nil},
	{"EIO in fdatasync", "fdatasync:error=EIO", nil},
	{"EIO in write to the ledger", "pwrite64,write:error=EIO", []string{"ledger"}},
	{"ENOSPC in write to the ledger", "pwrite64,write:error=ENOSPC", []string{"ledger"}},
}

// faults lets the disk fail under load in each of the ways, and heal again.
func (s *stage) faults(ctx context.Context) error {
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("failing disks need strace: %w", err)
	}
	at, err := s.newSite("faults")
	if err != nil {
		return err
	}
	t, err := newScenario(at, s.seed)
	if err != nil {
		return err
	}
	defer t.stopBackend()
	r, err := at.start(ctx)
	if err != nil {
		return err
	}
	defer func() { r.kill() }()
	var rows [][]string
	for _, f := range failings {
		row, err := t.fail(ctx, r, f, s.faulty)
		rows = append(rows, row)
		if err != nil {
			s.report.Table("Failing disks", faultColumns, rows)
			return fmt.Errorf("%s: %w\n%s", f.name, err, r.tail())
		}
	}
	s.report.Table("Failing disks", faultColumns, rows)
	s.report.List("Over all of them", t.lines()...)
	if err := r.stop(); err != nil {
		return err
	}
	return t.rounds(ctx, 0, s.longest, nil) // what is on disk, read by a new process
}

// settling is how long after a fault the answers may still change: checks
// follow what is on disk within a second, on a busy machine later.
const settling = 3 * time.Second

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var faultColumns = []string{"fault", "writes refused", "checks with 200 meanwhile", "/readyz", "store_up", "log", "well again after"}

// fail lets the disk fail for a while.
func (t *scenario) fail(ctx context.Context, r *server, f failing, long time.Duration) ([]string, error) {
	known, err := t.known(ctx, r)
	if err != nil {
		return []string{f.name}, err
	}
	refused, log := t.refused.Load(), len(r.tailAll())
	ctxLoad, stop := context.WithCancel(ctx)
	var load sync.WaitGroup
	load.Go(func() { t.each(func(w *worker) { w.work(ctxLoad, ctx, r.caller) }) })
	defer func() { stop(); load.Wait() }()
	heal, err := t.site.inject(ctx, r, f)
	if err != nil {
		return []string{f.name}, err
	}
	seen := t.observe(ctx, r, known, long)
	heal()
	healed := time.Now()
	if err := r.await(ctx); err != nil {
		return []string{f.name}, err
	}
	again := time.Since(healed).Round(100 * time.Millisecond)
	stop()
	load.Wait()
	if err := pause(ctx, settling); err != nil {
		return []string{f.name}, err
	}
	t.each(func(w *worker) { w.verify(ctx, r.caller) })
	said := "-"
	if strings.Contains(r.tailAll()[log:], "writes are refused") {
		said = "says so"
	}
	return []string{f.name, strconv.FormatInt(t.refused.Load()-refused, 10), strconv.Itoa(seen.good), seen.ready, seen.up, said, again.String()}, t.broken()
}

// known is a token that is valid all along, of a client outside the book.
func (t *scenario) known(ctx context.Context, r *server) (string, error) {
	var made withSecret
	code, err := r.admin(ctx, http.MethodPost, "/admin/v1/clients", map[string]any{"name": "known", "allowed_scopes": []string{"invoices.read"}}, &made)
	if err != nil || code != http.StatusCreated {
		return "", fmt.Errorf("register: %d, %w", code, err)
	}
	text, _, code, err := r.issue(ctx, made.Client.ID, made.Secret)
	if err != nil || code != http.StatusOK {
		return "", fmt.Errorf("issue: %d, %w", code, err)
	}
	return text, nil
}

// seen is what the server said of itself while its disk failed.
type seen struct {
	good      int
	ready, up string
}

func (t *scenario) observe(ctx context.Context, r *server, known string, long time.Duration) (s seen) {
	s.ready, s.up = "200", "1"
	end := time.NewTimer(long)
	defer end.Stop()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-end.C:
			return s
		case <-ctx.Done():
			return s
		case <-poll.C:
		}
		if code, err := r.use(ctx, "/read", known); err != nil || code != http.StatusOK {
			t.violated("a valid token got %d (%v) while the disk failed", code, err)
		} else {
			s.good++
		}
		if code, err := r.admin(ctx, http.MethodGet, "/readyz", nil, nil); err == nil && code != http.StatusOK {
			s.ready = strconv.Itoa(code)
		}
		var text string
		if _, err := r.admin(ctx, http.MethodGet, "/metrics", nil, &text); err == nil && strings.Contains(text, "\nscopegate_store_up 0") {
			s.up = "0"
		}
	}
}

// inject attaches strace to the server and makes its calls fail, until heal.
func (s *site) inject(ctx context.Context, r *server, f failing) (heal func(), err error) {
	calls, _, _ := strings.Cut(f.inject, ":")
	args := []string{"-f", "-qq", "-o", os.DevNull, "-e", "trace=" + calls, "-e", "inject=" + f.inject, "-p", strconv.Itoa(r.cmd.Process.Pid)}
	for _, path := range f.paths {
		args = append(args, "-P", filepath.Join(s.data, "store", path))
	}
	cmd := exec.CommandContext(ctx, "strace", args...)
	var said strings.Builder
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // strace lets go of the process
		_ = cmd.Wait()
	}, nil
}

// tailAll is the whole log.
func (r *server) tailAll() string {
	b, err := os.ReadFile(r.log)
	if err != nil {
		return ""
	}
	return string(b)
}
