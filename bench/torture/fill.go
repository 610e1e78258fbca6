//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"scopegate/authz"
	"scopegate/store"
)

// The filler is this program once more: it puts tokens into a store, prints
// "filled", and waits to be killed or told to close.
const fillerDir = "SCOPEGATE_TORTURE_FILL"

// filling says what the filler does.
type filling struct {
	tokens  int
	clients int    // that have them, in equal parts
	texts   string // file for some of the tokens; empty: none
}

// textsKept is how many tokens are written down, of all clients alike.
const textsKept = 10_000

// filledClient is the id of the n-th client that has tokens.
func filledClient(n int) authz.ClientID {
	return authz.ClientID(fmt.Sprintf("7f0c0000-0000-4000-8000-%012x", n))
}

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
	f := filling{texts: os.Getenv(fillerDir + "_TEXTS")}
	var err, err2 error
	f.tokens, err = strconv.Atoi(os.Getenv(fillerDir + "_TOKENS"))
	f.clients, err2 = strconv.Atoi(os.Getenv(fillerDir + "_CLIENTS"))
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	s, err := store.Open(context.Background(), dir, store.Options{})
	if err != nil {
		return err
	}
	if err := f.fill(s, 20*time.Hour); err != nil {
		return err
	}
	fmt.Println("filled")
	var line string
	_, _ = fmt.Scanln(&line) // until the parent closes the pipe
	return s.Close()
}

// fill issues the tokens as the product does, to 256 callers so that groups
// are full.
func (f filling) fill(s *store.Store, ttl time.Duration) error {
	ctx := context.Background()
	clients := make([]authz.Client, f.clients)
	for n := range clients {
		var err error
		if clients[n], err = putClient(ctx, s, filledClient(n)); err != nil {
			return err
		}
	}
	issuer := &authz.Issuer{
		Store: s, Now: s.Clock.Now, Behind: s.Clock.Behind,
		Policy: authz.NewCurrentPolicy(&authz.Policy{
			Scopes: authz.NewScopeSet("invoices.read"), TokenTTL: ttl, MaxTokenTTL: ttl, TokenPrefix: authz.DefaultTokenPrefix,
		}),
	}
	const callers = 256
	every := max(1, f.tokens/textsKept)
	texts := make([]strings.Builder, callers)
	failures := make([]error, callers)
	var all sync.WaitGroup
	for k := range callers {
		all.Go(func() {
			for i := k; i < f.tokens; i += callers {
				n := i % len(clients)
				issued, err := issuer.Issue(ctx, &clients[n], authz.TokenRequest{Grant: authz.GrantClientCredentials})
				if err != nil {
					failures[k] = err
					return
				}
				if i%every == i/every%every { // of all clients alike
					fmt.Fprintln(&texts[k], n, issued.Text.Text())
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(failures...); err != nil || f.texts == "" {
		return err
	}
	var text strings.Builder
	for k := range texts {
		text.WriteString(texts[k].String())
	}
	return os.WriteFile(f.texts, []byte(text.String()), 0o600)
}

// putClient makes a client, or reads the one that is there.
func putClient(ctx context.Context, s *store.Store, id authz.ClientID) (authz.Client, error) {
	c, err := s.Client(ctx, id)
	if !errors.Is(err, authz.ErrNotFound) {
		return c, err
	}
	return s.PutClient(ctx, authz.Client{
		ID: id, Name: "filled", AllowedGrants: []authz.GrantType{authz.GrantClientCredentials}, Confidential: true,
		AllowedScopes: authz.NewScopeSet("invoices.read"), Status: authz.StatusActive, Generation: 1, CreatedAt: s.Clock.Now(),
	}, authz.Change{Kind: authz.EventClientCreated, At: s.Clock.Now(), Actor: "system"})
}

// fillBy runs the filler, and lets it close or kills it.
func (s *site) fillBy(ctx context.Context, f filling, clean bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), fillerDir+"="+filepath.Join(s.data, "store"), fillerDir+"_TOKENS="+strconv.Itoa(f.tokens),
		fillerDir+"_CLIENTS="+strconv.Itoa(f.clients), fillerDir+"_TEXTS="+f.texts)
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
