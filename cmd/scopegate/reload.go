package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"time"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/gateway/config"
	"scopegate/gateway/diff"
)

// reloadState is what is known of the configuration in force.
type reloadState struct {
	summary string
	at      time.Time // of the last good load
	ok      bool      // whether the newest attempt was good
}

// reloadResult answers a good reload.
type reloadResult struct {
	Summary string `json:"summary"`
	Routes  int    `json:"routes"`
	Public  int    `json:"public_routes"`
	Upstr   int    `json:"upstreams"`
	Scopes  int    `json:"scopes"`
	// Changes say who gains and who loses access; at most maxReloadWords.
	Changes []string `json:"changes"`
}

// maxReloadWords is how many changes one log line or answer tells.
const maxReloadWords = 50

// loadRoutes reads routes.yaml as written.
func (s *server) loadRoutes() (*config.Config, config.Problems) {
	data, err := os.ReadFile(s.o.routes)
	if err == nil {
		sum := sha256.Sum256(data)
		s.read.Store(&sum)
	}
	return parseRoutes(s.o.routes, data, err, s.w.getenv)
}

// loadRoutes reads a routes file with the environment that it may refer to.
func loadRoutes(path string, getenv func(string) (string, bool)) (*config.Config, config.Problems) {
	data, err := os.ReadFile(path)
	return parseRoutes(path, data, err, getenv)
}

func parseRoutes(path string, data []byte, err error, getenv func(string) (string, bool)) (*config.Config, config.Problems) {
	if err != nil {
		return nil, config.Problems{{File: path, Line: 1, Col: 1, Message: err.Error()}}
	}
	return config.Load(path, data, config.Environment{LookupEnv: getenv, ReadFile: os.ReadFile})
}

// policyOf is what the file means for issuing.
func (s *server) policyOf(cfg *config.Config) *authz.Policy {
	issuer := cfg.OAuth.Issuer.Reveal()
	if issuer == "" {
		issuer = s.origin()
	}
	return &authz.Policy{
		Issuer: issuer, Realm: cfg.OAuth.Realm, TokenPrefix: cfg.OAuth.TokenPrefix,
		TokenTTL: cfg.OAuth.AccessTokenTTL, MaxTokenTTL: cfg.OAuth.MaxAccessTokenTTL, Scopes: cfg.Catalogue(),
		Asked: cfg.Asked(), Resources: cfg.Resources(),
	}
}

// inForce puts a configuration in force. Above the line all may fail and
// nothing is changed; below it nothing can fail.
func (s *server) inForce(cfg *config.Config) error {
	policy := s.policyOf(cfg)
	if err := s.readySigning(cfg); err != nil {
		return err
	}
	hooks, problems := hooksOf(cfg, os.ReadFile)
	if len(problems) > 0 {
		return problems
	}
	if _, problems := s.gateway.Reload(cfg); len(problems) > 0 {
		return problems
	}
	// -------------------------------------------------------------------------
	s.running = cfg
	s.policy.Store(policy)
	s.webhooks.Set(context.Background(), hooks)
	now := time.Now().UTC()
	s.reloaded.Store(&reloadState{summary: cfg.Summary(), at: now, ok: true})
	s.metrics.Reloaded(true, now)
	return nil
}

// reload is the admin API's, SIGHUP's and the watcher's: read, check, build,
// then one swap. A bad file leaves the old routes serving. The certificate's
// files are looked at in any case.
func (s *server) reload(ctx context.Context, cause string) (any, []admin.Problem, error) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if cert := s.cert.Load(); cert != nil {
		cert.renew()
	}
	before := s.running
	cfg, problems := s.loadRoutes()
	err := problems.Err()
	if err == nil {
		err = s.inForce(cfg)
	}
	if err != nil {
		s.metrics.Reloaded(false, time.Now())
		state := *s.reloaded.Load()
		state.ok = false
		s.reloaded.Store(&state)
		return nil, problemsJSON(err), err
	}
	s.nameUngrantable(ctx)
	summary := s.gateway.Summary()
	changes := s.changes(before, cfg)
	words := changes.Words(maxReloadWords)
	s.log.Info("reloaded", "cause", cause, "routes", cfg.Summary(), "access", changes.Summary(), "changes", words)
	return reloadResult{cfg.Summary(), summary.Routes, summary.PublicRoutes, summary.Upstreams, summary.Scopes, words}, nil, nil
}

func (s *server) reloadForAPI(ctx context.Context) (any, []admin.Problem, error) {
	return s.reload(ctx, "admin API")
}

// changes says who gains and who loses access by a reload that was good.
func (s *server) changes(before, now *config.Config) diff.Report {
	changes, err := diff.Compare(before, now)
	if err != nil {
		s.log.Warn("the changes of a reload cannot be told", "error", err)
	}
	return changes
}

func problemsJSON(err error) []admin.Problem {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return nil
	}
	var out []admin.Problem
	for _, p := range problems {
		out = append(out, admin.Problem{File: p.File, Line: p.Line, Column: p.Col, Path: p.Path, Message: p.Message})
	}
	return out
}

// reloadAndLog reloads for a cause that has nobody to answer to.
func (s *server) reloadAndLog(ctx context.Context, cause string) {
	if _, _, err := s.reload(ctx, cause); err != nil {
		s.log.Error("reload refused, the old routes go on serving", "cause", cause, "error", err)
	}
}

// nameUngrantable tells which clients hold scopes that the catalogue does not
// name any more, since those are not issued to them.
func (s *server) nameUngrantable(ctx context.Context) {
	policy := s.policy.Load()
	q := authz.ClientQuery{Limit: 1000}
	for {
		page, err := s.store.Clients(ctx, q)
		if err != nil {
			s.log.Warn("clients not checked against the scope catalogue", "error", err)
			return
		}
		for i := range page.Clients {
			c := &page.Clients[i]
			if gone := authz.UngrantableScopes(policy, c); len(gone) > 0 && c.Status != authz.StatusRevoked {
				s.log.Warn("client holds scopes that the catalogue does not name; they are not issued",
					"client_id", string(c.ID), "name", c.Name, "scopes", fmt.Sprint(gone))
			}
		}
		if page.Next == "" {
			return
		}
		q.After = page.Next
	}
}
