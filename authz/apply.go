package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Action is what an application does with a client.
type Action string

// The actions.
const (
	ActionNone   Action = "none"
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionRevoke Action = "revoke"
)

// Application is a set of declared clients that a store shall have.
type Application struct {
	// ManagedBy is the name of the set, see ManagedByPattern. Clients that it makes
	// bear it; those of another name are not touched.
	ManagedBy string
	Clients   []Declared
	// Prune revokes clients that this set once made and names no more.
	Prune bool
	// TakeSecrets lets the declared secrets replace those of clients whose
	// secrets were last changed by hand; else that is a problem.
	TakeSecrets bool
	DryRun      bool // nothing is changed
	By          By
}

// Difference is what an application changes of one client, in words.
type Difference struct {
	Action Action
	ID     ClientID
	Name   string
	Said   []string // what changes; none where Action is ActionNone
	// Warning is what is odd about the declaration and stops nothing; nil:
	// nothing is.
	Warning *FieldError
}

// UnfinishedError: an application was broken off. What is done is kept; the
// same application, made again, does the rest.
type UnfinishedError struct {
	Done, Of int // clients to change
	Err      error
}

// Error implements error.
func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("%d of %d clients are changed, then: %v", e.Done, e.Of, e.Err)
}

// Unwrap returns what broke it off.
func (e *UnfinishedError) Unwrap() error { return e.Err }

// Apply makes the store's clients as declared, and returns what it changed, or
// would change, in the order of the declaration, then what it revokes.
//
// Everything is checked before anything is written: DeclarationErrors are all
// problems, and then nothing was changed. Each client is written by itself,
// one control event for its fields, one for its secrets and one for its
// status, if they change; a client that is as declared is not written and
// makes no event. Where a write fails the others of the same moment still end,
// nothing is revoked any more, and the error is an *UnfinishedError.
func (r *Registry) Apply(ctx context.Context, a *Application) ([]Difference, error) {
	if err := a.By.Check(); err != nil {
		return nil, err
	}
	if !managedByForm.MatchString(a.ManagedBy) {
		return nil, &FieldError{"managed_by", "must be 1 to 63 of A-Za-z0-9._/-"}
	}
	r.hashing.RLock()
	defer r.hashing.RUnlock()
	plan, err := r.plan(ctx, a)
	if err != nil || a.DryRun {
		return plan, err
	}
	return plan, r.carryOut(ctx, a, plan)
}

// plan finds what an application changes, without changing it.
func (r *Registry) plan(ctx context.Context, a *Application) ([]Difference, error) {
	plan := make([]Difference, 0, len(a.Clients))
	var wrong DeclarationErrors
	named, holders, keys := make(map[ClientID]bool, len(a.Clients)), secretHolders{}, r.Keys.Keys()
	for i := range a.Clients {
		d := &a.Clients[i]
		diff, fields, err := r.compare(ctx, a, d)
		if err != nil {
			return nil, err
		}
		if named[d.ID] {
			fields = append(fields, &FieldError{"id", "stands twice"})
		}
		fields = append(fields, holders.claim(keys, i, d)...)
		for _, f := range fields {
			wrong = append(wrong, &DeclarationError{i, f.Field, f.Problem})
		}
		named[d.ID] = true
		plan = append(plan, diff)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	if !a.Prune {
		return plan, nil
	}
	for q := (ClientQuery{ManagedBy: a.ManagedBy, Limit: 1000}); ; {
		page, err := r.Store.Clients(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read clients managed by %s: %w", a.ManagedBy, err)
		}
		for i := range page.Clients {
			if c := &page.Clients[i]; !named[c.ID] && c.Status != StatusRevoked {
				said := []string{"no longer declared; all its tokens end"}
				plan = append(plan, Difference{Action: ActionRevoke, ID: c.ID, Name: c.Name, Said: said})
			}
		}
		if q.After = page.Next; q.After == "" {
			return plan, nil
		}
	}
}

// compare finds what a declaration changes of its client, and what is wrong
// with it.
func (r *Registry) compare(ctx context.Context, a *Application, d *Declared) (diff Difference, wrong []*FieldError, err error) {
	diff = Difference{Action: ActionUpdate, ID: d.ID, Name: d.Name, Warning: d.warning(r.Now())}
	c, err := r.Store.Client(ctx, d.ID)
	switch {
	case !declaredIDForm.MatchString(string(d.ID)):
		return diff, []*FieldError{{"id", "is not a UUIDv4 in lower case"}}, nil
	case errors.Is(err, ErrNotFound):
		diff.Action = ActionCreate
		c = d.fresh(a.ManagedBy, r.Now().UTC())
	case err != nil:
		return diff, nil, fmt.Errorf("read client %s: %w", d.ID, err)
	case c.Status == StatusRevoked:
		return diff, []*FieldError{{"id", "is that of a client that was revoked and cannot come back"}}, nil
	case c.ManagedBy != "" && c.ManagedBy != a.ManagedBy:
		return diff, []*FieldError{{"id", fmt.Sprintf("is that of a client that is managed by %q, not by %q", c.ManagedBy, a.ManagedBy)}}, nil
	}
	for _, s := range r.stages(a, d) {
		said, err := s.edit(&c)
		if field, ok := errors.AsType[*FieldError](err); ok {
			wrong = append(wrong, field)
		} else if err != nil {
			return diff, nil, err
		}
		diff.Said = append(diff.Said, said...)
		if len(said) > 0 && diff.Action == ActionUpdate {
			c.Version++ // as its write will do
		}
	}
	switch {
	case diff.Action == ActionCreate:
		diff.Said = d.describe(&c)
	case len(diff.Said) == 0:
		diff.Action = ActionNone
	}
	return diff, wrong, nil
}

// carryOut does what was planned, clients side by side so that their writes
// share a sync, and what is revoked last.
func (r *Registry) carryOut(ctx context.Context, a *Application, plan []Difference) error {
	do := slices.DeleteFunc(slices.Clone(plan), func(d Difference) bool { return d.Action == ActionNone })
	declared := make(map[ClientID]*Declared, len(a.Clients))
	for i := range a.Clients {
		declared[a.Clients[i].ID] = &a.Clients[i]
	}
	first := slices.IndexFunc(do, func(d Difference) bool { return d.Action == ActionRevoke })
	if first < 0 {
		first = len(do)
	}
	done, err := sideBySide(do[:first], func(d Difference) error {
		if d.Action == ActionCreate {
			return r.createDeclared(ctx, a, declared[d.ID])
		}
		return r.updateDeclared(ctx, a, declared[d.ID])
	})
	if err == nil {
		n := 0
		n, err = sideBySide(do[first:], func(d Difference) error {
			_, err := r.Revoke(ctx, d.ID, a.By)
			return err
		})
		done += n
	}
	if err != nil {
		return &UnfinishedError{Done: done, Of: len(do), Err: err}
	}
	return nil
}
