//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The small file system, in MiB: what a store of little content takes, the
// default reserve of 128 twice, and some.
const (
	smallDisk = 384
	// unnoticedMiB are free when the filling begins to be slow, above the reserve.
	unnoticedMiB = 150
	// scarceMiB is left when what is new has to be refused, while changes may
	// still use the reserve.
	scarceMiB = 80
	// restartOnFull: every so many fillings the process is killed on the full
	// disk and started on it.
	restartOnFull = 4
)

// full fills a small file system under load and frees it, again and again.
func (s *stage) full(ctx context.Context) (err error) {
	at, err := s.newSite("full")
	if err != nil {
		return err
	}
	n, err := newNeighbour(at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.leave()) }()
	at.data = filepath.Join(n.dir, "data")
	t, err := newScenario(at, s.seed)
	if err != nil {
		return err
	}
	defer t.stopBackend()
	f := &flood{scenario: t, neighbour: n}
	if f.server, err = at.start(ctx); err != nil {
		return err
	}
	defer func() { f.server.kill() }()
	for i := range s.fills {
		if err := f.once(ctx, i%restartOnFull == restartOnFull-1); err != nil {
			return fmt.Errorf("filling %d: %w\n%s", i+1, err, f.server.tail())
		}
	}
	s.report.List(fmt.Sprintf("%d fillings of a file system of %d MiB", s.fills, smallDisk), append(t.lines(), f.lines()...)...)
	if err := f.server.stop(); err != nil {
		return err
	}
	return t.rounds(ctx, 0, s.longest, nil) // what is on disk, read by a new process
}

// flood is what is seen of the fillings.
type flood struct {
	*scenario
	neighbour
	server *server

	checks   int             // of a valid token while the disk was full
	again    []time.Duration // until a token was issued, once there was room
	restarts []time.Duration // until it was ready on the full disk
}

// once fills the disk and frees it.
func (f *flood) once(ctx context.Context, restart bool) error {
	c, err := f.customer(ctx)
	if err != nil {
		return err
	}
	loadCtx, stop := context.WithCancel(ctx)
	var load sync.WaitGroup
	begin := func() {
		r := f.server
		load.Go(func() { f.each(func(w *worker) { w.work(loadCtx, ctx, r.caller) }) })
	}
	begin()
	defer func() { stop(); load.Wait() }()
	if err := f.fillTo(ctx, scarceMiB<<20); err != nil {
		return err
	}
	if err := f.scarce(ctx, c); err != nil {
		return fmt.Errorf("below the reserve: %w", err)
	}
	if err := f.fillTo(ctx, 0); err != nil {
		return err
	}
	if err := f.nothing(ctx, c); err != nil {
		return fmt.Errorf("on the full disk: %w", err)
	}
	if restart {
		f.server.kill()
		load.Wait()
		if f.server, err = f.site.start(ctx); err != nil {
			return err
		}
		f.restarts = append(f.restarts, f.server.ready)
		begin()
		if err := f.nothing(ctx, c); err != nil {
			return fmt.Errorf("after a start on the full disk: %w", err)
		}
	}
	if err := f.give(); err != nil {
		return err
	}
	if err := f.wellAgain(ctx, c); err != nil {
		return err
	}
	stop()
	load.Wait()
	f.each(func(w *worker) { w.verify(ctx, f.server.caller) })
	return f.broken()
}

// customer is a client outside the book, with tokens from before the filling.
type customer struct {
	id, secret string
	valid      string
	spare      []string // to be revoked
}

func (f *flood) customer(ctx context.Context) (*customer, error) {
	var made withSecret
	code, err := f.server.admin(ctx, http.MethodPost, "/admin/v1/clients", map[string]any{"name": "customer", "allowed_scopes": []string{"invoices.read"}}, &made)
	if err != nil || code != http.StatusCreated {
		return nil, fmt.Errorf("register: %d, %w", code, err)
	}
	c := &customer{id: made.Client.ID, secret: made.Secret}
	for range 3 {
		text, _, code, err := f.server.issue(ctx, c.id, c.secret)
		if err != nil || code != http.StatusOK {
			return nil, fmt.Errorf("issue: %d, %w", code, err)
		}
		c.valid, c.spare = text, append(c.spare, text)
	}
	c.spare = c.spare[:2]
	return c, nil
}

// scarce is the time between reserve and floor: what is new is refused, and
// what takes rights away is taken.
func (f *flood) scarce(ctx context.Context, c *customer) error {
	if err := f.refusesNew(ctx, c); err != nil {
		return err
	}
	code, err := f.server.form(ctx, "/oauth/revoke", c.id, c.secret, url.Values{"token": {c.spare[0]}}, nil)
	if err != nil || code != http.StatusOK {
		return fmt.Errorf("revoking a token: %d, %w", code, err)
	}
	if code, err := f.server.use(ctx, "/read", c.spare[0]); err != nil || code != http.StatusUnauthorized {
		return fmt.Errorf("a revoked token: %d, %w", code, err)
	}
	return f.says(ctx)
}

// nothing is the time without room: checks go on, and everything else is
// refused.
func (f *flood) nothing(ctx context.Context, c *customer) error {
	if err := f.refusesNew(ctx, c); err != nil {
		return err
	}
	for range 50 {
		if code, err := f.server.use(ctx, "/read", c.valid); err != nil || code != http.StatusOK {
			return fmt.Errorf("a valid token: %d, %w", code, err)
		}
		f.checks++
	}
	code, err := f.server.admin(ctx, http.MethodPost, "/admin/v1/tokens/revoke", map[string]any{"token": c.spare[1]}, nil)
	if err != nil || code != http.StatusOK && code != http.StatusServiceUnavailable {
		return fmt.Errorf("revoking a token: %d, %w", code, err)
	}
	want := map[int]int{http.StatusOK: http.StatusUnauthorized, http.StatusServiceUnavailable: http.StatusOK}[code]
	if got, err := f.server.use(ctx, "/read", c.spare[1]); err != nil || got != want {
		return fmt.Errorf("a token whose revocation was answered with %d: %d, %w", code, got, err)
	}
	return f.says(ctx)
}

// refusesNew waits until a token is refused for want of room, and then looks
// at the refusals.
func (f *flood) refusesNew(ctx context.Context, c *customer) error {
	token := func() (refusal, error) {
		return f.server.refused(f.server.tcp, func() (*http.Request, error) {
			form := url.Values{"grant_type": {"client_credentials"}}.Encode()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.server.public+"/oauth/token", strings.NewReader(form))
			if err == nil {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.SetBasicAuth(c.id, c.secret)
			}
			return req, err
		})
	}
	client := func() (refusal, error) {
		return f.server.refused(f.server.socket, func() (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://socket/admin/v1/clients", strings.NewReader(`{"name":"late","allowed_scopes":["invoices.read"]}`))
			if err == nil {
				req.Header.Set("Content-Type", "application/json")
			}
			return req, err
		})
	}
	full := refusal{http.StatusServiceUnavailable, "store_full", true}
	err := f.server.until(ctx, func() (bool, error) {
		r, err := token()
		return r.code != http.StatusOK, err
	})
	if err != nil {
		return err
	}
	for name, ask := range map[string]func() (refusal, error){"a token": token, "a registration": client} {
		if got, err := ask(); err != nil || got != full {
			return fmt.Errorf("%s was answered with %+v, %w", name, got, err)
		}
	}
	return nil
}

// says: readiness and metrics tell of the full disk.
func (f *flood) says(ctx context.Context) error {
	return f.server.until(ctx, func() (bool, error) {
		var ready, metrics string
		code, err := f.server.admin(ctx, http.MethodGet, "/readyz", nil, &ready)
		if err != nil || code != http.StatusOK {
			return false, fmt.Errorf("/readyz on a full disk: %d, %w", code, err)
		}
		if _, err := f.server.admin(ctx, http.MethodGet, "/metrics", nil, &metrics); err != nil {
			return false, err
		}
		return strings.Contains(ready, "store_full") && strings.Contains(metrics, "\nscopegate_store_full 1"), nil
	})
}

// wellAgain waits until tokens are issued and clients are registered.
func (f *flood) wellAgain(ctx context.Context, c *customer) error {
	began := time.Now()
	err := f.server.until(ctx, func() (bool, error) {
		_, _, code, err := f.server.issue(ctx, c.id, c.secret)
		return code == http.StatusOK, err
	})
	if err != nil {
		return fmt.Errorf("once there was room: %w", err)
	}
	f.again = append(f.again, time.Since(began))
	_, err = f.customer(ctx)
	return err
}

func (f *flood) lines() []string {
	lines := []string{
		fmt.Sprintf("checks of valid tokens on the full disk, all answered with 200: %d", f.checks),
		fmt.Sprintf("a token was issued %s after there was room, at most", slices.Max(f.again).Round(time.Millisecond)),
	}
	if len(f.restarts) > 0 {
		lines = append(lines, fmt.Sprintf("%d starts on the full disk after kill -9, ready after %s at most", len(f.restarts), slices.Max(f.restarts).Round(time.Millisecond)))
	}
	return lines
}

// refusal is what an answer says of itself.
type refusal struct {
	code       int
	reason     string // X-Scopegate-Error
	retryAfter bool
}

func (r *server) refused(client *http.Client, make func() (*http.Request, error)) (refusal, error) {
	req, err := make()
	if err != nil {
		return refusal{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return refusal{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return refusal{resp.StatusCode, resp.Header.Get("X-Scopegate-Error"), resp.Header.Get("Retry-After") != ""}, nil
}

// until asks every few milliseconds until the answer is yes.
func (r *server) until(ctx context.Context, ask func() (bool, error)) error {
	return r.within(ctx, patience, ask)
}

func (r *server) within(ctx context.Context, bound time.Duration, ask func() (bool, error)) error {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	late := time.NewTimer(bound)
	defer late.Stop()
	for {
		if yes, err := ask(); err != nil || yes {
			return err
		}
		select {
		case <-poll.C:
		case <-r.ended:
			return errors.New("the server ended by itself")
		case <-late.C:
			return fmt.Errorf("not within %s", bound)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// neighbour takes the room of a file system away, and gives it back.
type neighbour struct{ dir, file string }

// newNeighbour mounts a small file system and lives there.
func newNeighbour(s *site) (neighbour, error) {
	dir := filepath.Join(s.dir, "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return neighbour{}, err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", smallDisk)); err != nil {
		return neighbour{}, fmt.Errorf("a full disk needs root, to mount a small one: %w", err)
	}
	return neighbour{dir, filepath.Join(dir, "neighbour")}, nil
}

func (n neighbour) leave() error { return unix.Unmount(n.dir, unix.MNT_DETACH) }

// fillTo takes all but so many bytes: at once what the reserve does not
// notice, then 100 MB a second.
func (n neighbour) fillTo(ctx context.Context, left int64) error {
	file, err := os.OpenFile(n.file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	free, err := n.free()
	if err != nil {
		return err
	}
	if more := free - unnoticedMiB<<20; more > 0 {
		if err := n.take(file, more); err != nil {
			return err
		}
	}
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if free, err = n.free(); err != nil || left > 0 && free <= left {
			return err
		}
		if _, err := file.Write(chunk); errors.Is(err, unix.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			return err
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (n neighbour) free() (int64, error) {
	var st unix.Statfs_t
	err := unix.Statfs(n.dir, &st)
	return int64(st.Bavail) * st.Bsize, err
}

// take makes the file larger at once.
func (n neighbour) take(file *os.File, more int64) error {
	st, err := file.Stat()
	if err != nil {
		return err
	}
	return unix.Fallocate(int(file.Fd()), 0, st.Size(), more)
}

func (n neighbour) give() error { return os.Remove(n.file) }
