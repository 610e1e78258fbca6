package authz

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

const (
	// DeclaredIDPattern is the form of an id that somebody chose: that which the
	// server would have made (RFC 9562 section 5.4), since one that is not random
	// may be another's too.
	DeclaredIDPattern = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	// ManagedByPattern is what a set of declared clients may be called: 1 to 63 of
	// A-Za-z0-9._/-.
	ManagedByPattern = `^[A-Za-z0-9._/-]{1,63}$`
)

var (
	declaredIDForm = regexp.MustCompile(DeclaredIDPattern)
	managedByForm  = regexp.MustCompile(ManagedByPattern)
)

// Declared is a client as a file says that it shall be, under an id that
// somebody chose: what is not set is not there.
type Declared struct {
	ID ClientID
	Registration
	Status  Status           // StatusActive or StatusDisabled; empty: left as it is, and a new client is active
	Secrets []DeclaredSecret // nil: left as they are
}

// DeclaredSecret is a secret as a file gives it: by its text, or by its hash
// under one of the server's hash keys.
type DeclaredSecret struct {
	Text      SecretText
	Hash      [32]byte
	HashKeyID string // empty: by its text
	Preview   string // of one that is given by its hash; empty: none
	ExpiresAt time.Time
}

// DeclarationError is one thing that is wrong with what is declared.
type DeclarationError struct {
	Client  int    // its index
	Field   string // below the client, such as secrets[0].hash_key_id
	Problem string
}

// Path is where it is wrong: clients[3].secrets[0].hash_key_id.
func (e *DeclarationError) Path() string { return fmt.Sprintf("clients[%d].%s", e.Client, e.Field) }

// Error implements error.
func (e *DeclarationError) Error() string { return e.Path() + ": " + e.Problem }

// DeclarationErrors is all that is wrong with what is declared; nothing was
// changed.
type DeclarationErrors []*DeclarationError

// Error implements error: it tells the first and how many there are.
func (es DeclarationErrors) Error() string {
	return fmt.Sprintf("%s (problem 1 of %d)", es[0], len(es))
}

// fresh is the client that a declaration makes where there is none.
func (d *Declared) fresh(managedBy string, now time.Time) Client {
	return Client{
		ID: d.ID, Confidential: d.Confidential, Status: StatusActive, CreatedAt: now, Generation: 1,
		AllowedGrants: []GrantType{}, AllowedScopes: NewScopeSet(), ManagedBy: managedBy, SecretsDeclared: true,
	}
}

// warning is what is odd about the declaration at this time; nil: nothing is.
// Secrets that have ended are no problem, since a file that is applied again
// and again holds them one day; but a client that has no others gets no token.
func (d *Declared) warning(now time.Time) *FieldError {
	if len(d.Secrets) == 0 {
		return nil
	}
	for i := range d.Secrets {
		if end := d.Secrets[i].ExpiresAt; end.IsZero() || now.Before(end) {
			return nil
		}
	}
	return &FieldError{"secrets", "all have ended: the client gets no token until it has another"}
}

// editFields sets the client's fields as declared, checks them if any is
// another now, and says of each of those what it was and what it is.
func (r *Registry) editFields(c *Client, d *Declared) (said []string, err error) {
	u := d.update()
	if unique(d.AllowedScopes) && c.AllowedScopes.Equal(NewScopeSet(d.AllowedScopes...)) {
		u.AllowedScopes = nil // it may keep what the catalogue names no more
	}
	if said, err = r.apply(c, &u); err != nil || len(said) == 0 {
		return nil, err
	}
	return said, c.Validate(r.Policy.Load().MaxTokenTTL)
}

func unique[T comparable](list []T) bool {
	for i := range list {
		if slices.Contains(list[:i], list[i]) {
			return false
		}
	}
	return true
}
