//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"scopegate/authz"
	"scopegate/bench/gate"
	"scopegate/store"
)

const (
	fillers = 256     // that put clients and tokens at once, so that groups are full
	asked   = 100_000 // tokens that are presented, at most
)

// fill makes clients and gives each its share of tokens, as the product issues
// them. It returns the texts of some, of all clients alike.
func fill(ctx context.Context, dir string, clients, tokens int) (texts []string, err error) {
	s, err := store.Open(ctx, dir, store.Options{RelaxedTokens: true, TokenMemory: 4 << 30})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	made := make([]authz.Client, clients)
	if err := each(clients, func(n int) (err error) {
		made[n], err = putClient(ctx, s, n)
		return err
	}); err != nil {
		return nil, err
	}
	const ttl = 20 * time.Hour
	issuer := &authz.Issuer{
		Store: s, Now: s.Clock.Now, Behind: s.Clock.Behind,
		Policy: authz.NewCurrentPolicy(&authz.Policy{
			Scopes: authz.NewScopeSet(gate.Read, gate.Write), TokenTTL: ttl, MaxTokenTTL: ttl, TokenPrefix: authz.DefaultTokenPrefix,
		}),
	}
	every := max(1, tokens/asked)
	texts = make([]string, tokens/every)
	err = each(tokens, func(n int) error {
		// Consecutive tokens are of different clients, and so are those kept.
		issued, err := issuer.Issue(ctx, &made[n%clients], authz.TokenRequest{Grant: authz.GrantClientCredentials})
		if kept := n / every; err == nil && n%every == kept%every && kept < len(texts) {
			texts[kept] = issued.Text.Text()
		}
		return err
	})
	return texts, err
}

// each calls do with 0 to n-1, many at once, until one fails.
func each(n int, do func(int) error) error {
	errs := make([]error, fillers)
	var all sync.WaitGroup
	for k := range fillers {
		all.Go(func() {
			for i := k; i < n && errs[k] == nil; i += fillers {
				errs[k] = do(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func putClient(ctx context.Context, s *store.Store, n int) (authz.Client, error) {
	now := s.Clock.Now()
	return s.PutClient(ctx, authz.Client{
		ID: authz.ClientID(fmt.Sprintf("7f0c0000-0000-4000-8000-%012x", n)), Name: "scale", Status: authz.StatusActive, Generation: 1,
		AllowedGrants: []authz.GrantType{authz.GrantClientCredentials}, AllowedScopes: authz.NewScopeSet(gate.Read, gate.Write),
		Confidential: true, CreatedAt: now,
	}, authz.Change{Kind: authz.EventClientCreated, At: now, Actor: "bench"})
}
