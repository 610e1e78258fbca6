package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/gateway"
)

// explanation is gateway.Explanation as people and programs read it.
type explanation struct {
	Verdict    string   `json:"verdict"` // a Reason
	Status     int      `json:"status"`  // 0: the upstream's
	Why        string   `json:"why"`
	Route      string   `json:"route,omitempty"`
	Needs      string   `json:"needs,omitempty"`
	Upstream   string   `json:"upstream,omitempty"`
	FinalPath  string   `json:"final_path,omitempty"`
	Path       string   `json:"path,omitempty"`
	Allow      string   `json:"allow,omitempty"`
	Considered []string `json:"considered,omitempty"`
	NotJudged  []string `json:"not_judged,omitempty"` // what could still change the verdict
}

func explanationOf(e *gateway.Explanation) explanation {
	out := explanation{
		Verdict: e.Verdict.String(), Status: e.Status, Why: e.Why, Needs: e.Needs, Upstream: e.Upstream,
		FinalPath: e.Final, Path: e.Path, Allow: e.Allow, NotJudged: e.NotJudged,
	}
	if e.Route != nil {
		out.Route = e.Route.Name
	}
	for _, c := range e.Candidates {
		out.Considered = append(out.Considered, c.Route.Name+": "+c.Why)
	}
	return out
}

// question makes a gateway.Question of what an operator typed.
func question(req admin.ExplainRequest) (gateway.Question, error) {
	q := gateway.Question{Host: req.Host, Method: req.Method, Path: req.Path, Client: authz.ClientID(req.ClientID)}
	q.Path, _, _ = strings.Cut(q.Path, "?")
	if req.From != "" {
		from, err := netip.ParseAddr(req.From)
		if err != nil || from.Zone() != "" {
			return q, &authz.FieldError{Field: "from", Problem: "want an IPv4 or IPv6 address such as 10.0.0.7"}
		}
		q.From = from.Unmap()
	}
	q.Resources = req.Resources
	if req.Scopes != nil || req.ClientID != "" || req.Resources != nil {
		var list []authz.Scope
		for _, text := range req.Scopes {
			s, err := authz.ParseScope(text)
			if err != nil {
				return q, &authz.FieldError{Field: "scopes", Problem: err.Error()}
			}
			list = append(list, s)
		}
		q.Scopes = authz.NewScopeSet(list...)
	}
	if req.Method == "" || req.Path == "" {
		return q, &authz.FieldError{Field: "path", Problem: "give a method and a path"}
	}
	return q, nil
}

// explain is the admin API's, from the routes in force and the clients that
// there are.
func (s *server) explain(req admin.ExplainRequest) (any, error) {
	q, err := question(req)
	if err != nil {
		return nil, err
	}
	if q.Client != "" {
		c, err := s.store.Client(context.Background(), q.Client)
		switch {
		case errors.Is(err, authz.ErrNotFound):
			return nil, &authz.FieldError{Field: "client_id", Problem: "is no client's"}
		case err != nil:
			return nil, err
		}
		q.Live = authz.LiveClientOf(&c)
		if req.Scopes == nil { // as at the token endpoint without scope
			q.Scopes = s.policy.Load().Granted(&c)
		}
	}
	e, ok := s.gateway.Explain(q)
	if !ok {
		return nil, errors.New("no routes are in force")
	}
	return explanationOf(&e), nil
}

func routesExplain(w world) *cobra.Command {
	var f routesFlags
	var req admin.ExplainRequest
	cmd := &cobra.Command{
		Use:   "explain METHOD PATH",
		Short: "Say how a request would be judged: route, needs, verdict, upstream and final path",
		Long: "Say how a request would be judged: route, needs, verdict, upstream and final path, and what the verdict does not\n" +
			"know of. The file alone is asked, no server: POST /admin/v1/explain asks one, which knows its clients too.",
		Example: "  scopegate routes explain GET /partner/invoices/7 --scope invoices.read\n" +
			"  scopegate routes explain GET /internal --from 10.0.0.7 --scope invoices.read --resource https://api.example.com/billing",
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			req.Method, req.Path = args[0], args[1]
			q, err := question(req)
			if err != nil {
				return usage("%w", err)
			}
			_, g, err := f.load(w)
			if err != nil {
				return err
			}
			defer g.Close()
			e, _ := g.Explain(q)
			out := explanationOf(&e)
			return f.print(w.stdout, out, func(t *table) { printExplanation(t, &out) })
		},
	}
	f.add(cmd)
	cmd.Flags().StringArrayVar(&req.Scopes, "scope", nil, "a scope that the token would hold (repeat; none: no token)")
	cmd.Flags().StringVar(&req.ClientID, "client", "", "the client whose token it would be")
	cmd.Flags().StringArrayVar(&req.Resources, "resource", nil, "a resource that the token would be bound to (RFC 8707; repeat)")
	cmd.Flags().StringVar(&req.From, "from", "", "the caller's address, as the gateway reads it behind trusted proxies")
	cmd.Flags().StringVar(&req.Host, "host", "", "the Host that is asked")
	return cmd
}

func printExplanation(t *table, e *explanation) {
	for _, row := range [][2]string{
		{"route", e.Route},
		{"needs", e.Needs},
		{"verdict", verdictText(e)},
		{"why", e.Why},
		{"allow", e.Allow},
		{"upstream", e.Upstream},
		{"final path", e.FinalPath},
	} {
		if row[1] != "" {
			t.row(row[0], row[1])
		}
	}
	for _, n := range e.NotJudged {
		t.row("not judged", n)
	}
	for _, c := range e.Considered {
		t.row("considered", c)
	}
}

func verdictText(e *explanation) string {
	if e.Status == 0 {
		return e.Verdict
	}
	return fmt.Sprintf("%s (%d)", e.Verdict, e.Status)
}
