package authz

import (
	"context"
	"errors"
	"fmt"
)

// revokePasses bounds how often clients that came meanwhile are looked for.
const revokePasses = 8

// RevokeOwner revokes every client of an owner, each as Revoke does, and looks
// again until none is left, so that one registered meanwhile goes too. It
// returns how many this call revoked, also beside an error.
func (r *Registry) RevokeOwner(ctx context.Context, ownerType, ownerID string, by By) (int, error) {
	if ownerType == "" || ownerID == "" {
		return 0, &FieldError{"owner_type", "and owner_id must both be given"}
	}
	if err := by.Check(); err != nil {
		return 0, err
	}
	revoked := 0
	for range revokePasses {
		ids, err := r.unrevokedOf(ctx, ownerType, ownerID)
		if err != nil || len(ids) == 0 {
			return revoked, err
		}
		n, err := r.revokeAll(ctx, ids, by)
		if revoked += n; err != nil {
			return revoked, err
		}
	}
	return revoked, fmt.Errorf("clients of %s:%s are being registered faster than revoked: %w", ownerType, ownerID, ErrConflict)
}

// unrevokedOf lists the clients of an owner that can still come to life.
func (r *Registry) unrevokedOf(ctx context.Context, ownerType, ownerID string) ([]ClientID, error) {
	var ids []ClientID
	for q := (ClientQuery{OwnerType: ownerType, OwnerID: ownerID, Limit: 1000}); ; {
		page, err := r.Store.Clients(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read clients of %s:%s: %w", ownerType, ownerID, err)
		}
		for i := range page.Clients {
			if page.Clients[i].Status != StatusRevoked {
				ids = append(ids, page.Clients[i].ID)
			}
		}
		if q.After = page.Next; q.After == "" {
			return ids, nil
		}
	}
}

// revokeAll revokes clients side by side. One that fails stops none of the
// others: the more are dead, the better.
func (r *Registry) revokeAll(ctx context.Context, ids []ClientID, by By) (int, error) {
	failed := make(chan error, len(ids))
	_, _ = sideBySide(ids, func(id ClientID) error {
		if _, err := r.Revoke(ctx, id, by); err != nil {
			failed <- err
		}
		return nil // or the others would not be tried
	})
	close(failed)
	revoked := len(ids) - len(failed)
	var errs []error
	for err := range failed {
		if len(errs) < sideBySideWidth { // more say no more
			errs = append(errs, err)
		}
	}
	return revoked, errors.Join(errs...)
}
