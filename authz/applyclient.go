package authz

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// stage is a part of a client that is written with one event.
type stage struct {
	kind EventKind
	edit func(c *Client) (said []string, err error)
}

// stages are the parts of a declared client in the order in which they are
// written: what is to be disabled is disabled first, what is enabled last.
func (r *Registry) stages(a *Application, d *Declared) []stage {
	status := stage{EventClientEnabled, func(c *Client) ([]string, error) { return d.editStatus(c), nil }}
	stages := []stage{
		{EventClientUpdated, func(c *Client) ([]string, error) { return r.editFields(c, d) }},
		{EventSecretRotated, func(c *Client) ([]string, error) { return r.declareSecrets(c, a, d) }},
	}
	if d.Status == StatusDisabled {
		status.kind = EventClientDisabled
		return append([]stage{status}, stages...)
	}
	return append(stages, status)
}

// editStatus disables or enables the client as declared. Where nothing is said
// of it, a client that somebody disabled stays so: whoever did it in a hurry
// would not expect the next application of an old file to enable it.
func (d *Declared) editStatus(c *Client) []string {
	if d.Status == "" || d.Status == c.Status {
		return nil
	}
	said := []string{fromTo("status", string(c.Status), string(d.Status))}
	if c.Status = d.Status; c.Status == StatusDisabled {
		c.Generation++
		said = append(said, "all tokens end")
	}
	return said
}

// declareSecrets gives a client its declared secrets. Secrets that were changed
// by hand since are left alone unless the application takes them: a file that
// was not brought up to date must neither end the new secret nor bring back one
// that was taken away.
func (r *Registry) declareSecrets(c *Client, a *Application, d *Declared) ([]string, error) {
	if d.Secrets == nil {
		return nil, nil
	}
	byHand := !c.SecretsDeclared
	said, err := r.Keys.Keys().editSecrets(c, d.Secrets, r.Now().UTC().Truncate(time.Millisecond))
	if err != nil || len(said) == 0 {
		return nil, err
	}
	if byHand && !a.TakeSecrets {
		return nil, &FieldError{"secrets", "differ, and the client's own were last changed by hand: leave secrets out, or bring them up to date and let them replace its own (take_secrets)"}
	}
	c.SecretsDeclared = true
	return said, nil
}

// createDeclared registers a declared client.
func (r *Registry) createDeclared(ctx context.Context, a *Application, d *Declared) error {
	ch := a.By.change(EventClientCreated)
	ch.At = r.Now().UTC().Truncate(time.Millisecond)
	c := d.fresh(a.ManagedBy, ch.At)
	for _, s := range r.stages(a, d) {
		if _, err := s.edit(&c); err != nil {
			return err
		}
	}
	c.Generation = 1
	if len(c.Secrets) > 0 {
		ch.SecretID = c.Secrets[0].ID
	}
	ch.say(d.describe(&c)...)
	if _, err := r.Store.PutClient(ctx, c, ch); err != nil {
		return fmt.Errorf("register client %s: %w", c.ID, err)
	}
	return nil
}

// describe says what a new client is.
func (d *Declared) describe(c *Client) []string {
	said := append(describe(c), "managed_by "+shown(c.ManagedBy))
	if c.Status == StatusDisabled {
		said = append(said, "status "+shown(string(StatusDisabled)))
	}
	return said
}

// secretEvent is what a change of secrets is to those who are told of it: a new
// one, if there is any, then one that is gone. Of several it names the first;
// the event's detail tells all.
func secretEvent(before, after []Secret) (kind EventKind, id string) {
	if id = firstMissing(after, before); id != "" {
		return EventSecretRotated, id
	}
	if id = firstMissing(before, after); id != "" {
		return EventSecretRemoved, id
	}
	return EventClientUpdated, ""
}

// firstMissing returns the id of the first secret that others have not.
func firstMissing(list, others []Secret) string {
	for i := range list {
		if !slices.ContainsFunc(others, func(s Secret) bool { return s.ID == list[i].ID }) {
			return list[i].ID
		}
	}
	return ""
}

// updateDeclared brings a client to what is declared, stage by stage. Each is
// judged anew against the client as it is by then.
func (r *Registry) updateDeclared(ctx context.Context, a *Application, d *Declared) error {
	for _, s := range r.stages(a, d) {
		_, err := r.change(ctx, d.ID, a.By.change(s.kind), func(c *Client, ch *Change) error {
			if c.Status == StatusRevoked {
				return ErrRevoked
			}
			before := slices.Clone(c.Secrets)
			said, err := s.edit(c)
			if err != nil {
				return err
			}
			if len(said) == 0 {
				return errUnchanged
			}
			if s.kind == EventSecretRotated {
				ch.Kind, ch.SecretID = secretEvent(before, c.Secrets)
			}
			ch.say(said...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
