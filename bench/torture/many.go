//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"scopegate/authz"
	"scopegate/store"
)

// The filler is this program once more: it puts tokens into a store, prints
// "filled", and waits to be killed or told to close.
const fillerDir = "SCOPEGATE_TORTURE_FILL"

const filledClient authz.ClientID = "7f0c0000-0000-4000-8000-000000000001"

// maybeFill turns the process into the filler.
func maybeFill() {
	if dir := os.Getenv(fillerDir); dir != "" {
		if err := fillAndWait(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

func fillAndWait(dir string) error {
	n, err := strconv.Atoi(os.Getenv(fillerDir + "_TOKENS"))
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), dir, store.Options{})
	if err != nil {
		return err
	}
	if err := fill(s, n, time.Now, 20*time.Hour); err != nil {
		return err
	}
	fmt.Println("filled")
	var line string
	_, _ = fmt.Scanln(&line) // until the parent closes the pipe
	return s.Close()
}

// fill puts n tokens of one client, by 256 callers so that groups are full.
func fill(s *store.Store, n int, now func() time.Time, ttl time.Duration) error {
	ctx := context.Background()
	c, err := s.Client(ctx, filledClient)
	if errors.Is(err, authz.ErrNotFound) {
		c, err = s.PutClient(ctx, authz.Client{
			ID: filledClient, Name: "filled", AllowedGrants: []authz.GrantType{authz.GrantClientCredentials}, Confidential: true,
			AllowedScopes: authz.NewScopeSet("invoices.read"), Status: authz.StatusActive, Generation: 1, CreatedAt: now(),
		}, authz.Change{Kind: authz.EventClientCreated, At: now(), Actor: "system"})
	}
	if err != nil {
		return err
	}
	const callers = 256
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for k := range callers {
		all.Go(func() {
			for i := k; i < n && failed.Load() == nil; i += callers {
				var b [16]byte
				binary.LittleEndian.PutUint64(b[:], uint64(i))
				binary.LittleEndian.PutUint64(b[8:], uint64(now().UnixNano()))
				end := now().Add(ttl).Truncate(time.Second)
				err := s.PutToken(ctx, authz.AccessToken{
					Key: authz.TokenKey{Hour: authz.HourOf(end), Hash: sha256.Sum256(b[:])}, ClientID: c.ID, Generation: c.Generation,
					Grant: authz.GrantClientCredentials, Scopes: c.AllowedScopes, IssuedAt: now(), ExpiresAt: end,
				})
				if err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// starts measures how soon the server is ready with many live tokens, after a
// clean end and after kill -9.
func (s *stage) starts(ctx context.Context) error {
	at, err := s.newSite("starts")
	if err != nil {
		return err
	}
	if err := errors.Join(at.put(routes("http://127.0.0.1:9", 0)), os.MkdirAll(at.data, 0o700)); err != nil {
		return err
	}
	r, err := at.start(ctx) // makes the keys of a new directory
	if err != nil {
		return err
	}
	if err := r.stop(); err != nil {
		return err
	}
	began := time.Now()
	if err := at.fillBy(ctx, s.tokens, true); err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%d tokens issued durably in %s", s.tokens, time.Since(began).Round(time.Second))}
	for _, end := range []string{"a clean end", "kill -9"} {
		if r, err = at.start(ctx); err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("after %s: ready in %s", end, r.ready.Round(time.Millisecond)))
		r.kill()
	}
	if err := at.fillBy(ctx, 100_000, false); err != nil {
		return err
	}
	if r, err = at.start(ctx); err != nil {
		return err
	}
	lines = append(lines, fmt.Sprintf("after kill -9 right after 100,000 more: ready in %s, %s", r.ready.Round(time.Millisecond), at.size()))
	s.report.List("Ready with many live tokens", lines...)
	return r.stop()
}

// fillBy runs the filler, and lets it close or kills it.
func (s *site) fillBy(ctx context.Context, n int, clean bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), fillerDir+"="+filepath.Join(s.data, "store"), fillerDir+"_TOKENS="+strconv.Itoa(n))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var said string
	if _, err := fmt.Fscanln(out, &said); err != nil || said != "filled" {
		return fmt.Errorf("the filler said %q: %w", said, errors.Join(err, cmd.Wait()))
	}
	if !clean {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return nil
	}
	return errors.Join(in.Close(), cmd.Wait())
}

func (s *site) size() string {
	var total int64
	entries, _ := os.ReadDir(filepath.Join(s.data, "store"))
	for _, e := range entries {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(s.data, "store", e.Name()), &st) == nil {
			total += st.Blocks * 512
		}
	}
	return fmt.Sprintf("%d MiB on disk", total>>20)
}

// expired is how many tokens are issued and left to expire.
const expired = 2_000_000

// expiry lets tokens expire by turning the clock, and waits for the disk to
// come back without anybody asking for it.
func (s *stage) expiry(ctx context.Context) (err error) {
	var forth atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(forth.Load())) }
	st, err := store.Open(ctx, filepath.Join(s.dir, "expiry"), store.Options{Wall: now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	empty := st.DiskBytes()
	began := time.Now()
	if err := fill(st, expired, now, time.Hour); err != nil {
		return err
	}
	took, full := time.Since(began), st.DiskBytes()
	forth.Store(int64(3 * time.Hour))
	began = time.Now()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for st.DiskBytes() > empty+32<<20 {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("the disk did not come back: %d MiB, empty was %d", st.DiskBytes()>>20, empty>>20)
		}
	}
	s.report.List(fmt.Sprintf("%d tokens issued and expired", expired),
		fmt.Sprintf("issued durably in %s", took.Round(time.Second)),
		fmt.Sprintf("disk: %d MiB empty, %d MiB full, %d MiB %s after their hour had ended", empty>>20, full>>20, st.DiskBytes()>>20, time.Since(began).Round(100*time.Millisecond)))
	return nil
}
