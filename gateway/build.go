package gateway

import (
	"errors"
	"net/url"
	"os"

	"scopegate/gateway/config"
	"scopegate/gateway/route"
	"scopegate/metrics"
)

// Build turns a configuration as written into a Snapshot, or says what stands
// against it. What the configuration of the previous Snapshot (nil: none)
// said just so is carried over: upstreams with their connections, limiters
// and quotas with their counts. Nothing serves the Snapshot before Reload
// does; whoever drops it calls Discard.
func (g *Gateway) Build(cfg *config.Config, previous *Snapshot) (*Snapshot, config.Problems) {
	b := builder{g: g, cfg: cfg, next: &Snapshot{
		Summary:     Summary{Routes: len(cfg.Routes), Upstreams: len(cfg.Upstreams), Scopes: len(cfg.Scopes)},
		upstreams:   map[string]*runningUpstream{},
		keep:        newKeeper(previous),
		tokenPrefix: cfg.OAuth.TokenPrefix,
		noRoute:     g.Metrics.Route(metrics.NoRoute),
		scopes:      cfg.Catalogue().Strings(),
		previous:    previous,
	}}
	b.next.limits = b.next.keep.global(cfg.Limits)
	for i := range cfg.Upstreams {
		b.addUpstream(&cfg.Upstreams[i], previous)
	}
	if len(b.problems) == 0 {
		b.addRoutes()
	}
	b.next.keep.before = nil
	if len(b.problems) > 0 {
		b.next.Discard()
		return nil, b.problems
	}
	return b.next, nil
}

type builder struct {
	g        *Gateway
	cfg      *config.Config
	next     *Snapshot
	problems config.Problems
}

func (b *builder) problem(path string, err error) {
	b.problems = append(b.problems, b.cfg.Problem(path, err.Error()))
}

func (b *builder) addRoutes() {
	routes := make([]*route.Route, len(b.cfg.Routes))
	for i := range b.cfg.Routes {
		rc := &b.cfg.Routes[i]
		r, err := rc.Route(i)
		if err != nil {
			b.problem(config.RoutePath(i, "rewrite"), err)
			continue
		}
		if rc.Public {
			b.next.Summary.PublicRoutes++
		}
		routes[i] = r
		b.next.guards = append(b.next.guards, b.guard(rc, r))
	}
	if len(b.problems) > 0 {
		return
	}
	table, err := route.NewTable(routes)
	if err != nil {
		b.tableProblems(err)
		return
	}
	b.next.table = table
}

// tableProblems tells each reason why there is no table at its route.
func (b *builder) tableProblems(err error) {
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, err := range errs {
		index := 0
		var conflict *route.Conflict
		var invalid *route.Invalid
		switch {
		case errors.As(err, &conflict):
			index = conflict.B.Index
		case errors.As(err, &invalid):
			index = invalid.Route.Index
		}
		b.problem(config.RoutePath(index, "path"), err)
	}
}

// resourceMetadata returns the URL that the challenges of a resource's routes
// name (RFC 9728 sections 3.1 and 5.1). Without a resource it is our own
// origin's document, or nothing where the issuer, and so the origin, is not
// configured.
func resourceMetadata(cfg *config.Config, resource string) string {
	of := resource
	if of == "" {
		of = cfg.OAuth.Issuer.Reveal()
	}
	u, err := url.Parse(of)
	if err != nil || u.Host == "" {
		return ""
	}
	document := u.Scheme + "://" + u.Host + "/.well-known/oauth-protected-resource"
	if resource != "" && u.Path != "/" {
		document += u.Path
	}
	return document
}

func (g *Gateway) readFile(name string) ([]byte, error) {
	if g.ReadFile == nil {
		return os.ReadFile(name)
	}
	return g.ReadFile(name)
}
