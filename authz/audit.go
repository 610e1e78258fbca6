package authz

import (
	"context"
	"log/slog"
)

// Audited is a Store that tells the audit log of every control change that it
// made, whoever asked for it: what stands in the control log stands there too.
type Audited struct {
	Store
	Log *slog.Logger
	// Changed is called once after each control change, with what was changed;
	// it must neither block nor keep it. If nil, nobody is told.
	Changed func(*Change)
}

// PutClient implements Store.
func (a *Audited) PutClient(ctx context.Context, c Client, ch Change) (Client, error) {
	stored, err := a.Store.PutClient(ctx, c, ch)
	if err == nil {
		a.tell(ctx, &ch, slog.String("client_id", string(c.ID)))
	}
	return stored, err
}

// RevokeToken implements Store. A token that is known to be revoked is no
// change and is not told again.
func (a *Audited) RevokeToken(ctx context.Context, t AccessToken, ch Change) error {
	err := a.Store.RevokeToken(ctx, t, ch)
	if err == nil && !t.Revoked {
		a.tell(ctx, &ch, slog.String("client_id", string(t.ClientID)), slog.String("token_id", string(t.Key.Hash.ID())))
	}
	return err
}

// Note implements Store.
func (a *Audited) Note(ctx context.Context, ch Change) error {
	err := a.Store.Note(ctx, ch)
	switch {
	case err != nil:
	case ch.ClientID != "":
		a.tell(ctx, &ch, slog.String("client_id", string(ch.ClientID)))
	default:
		a.tell(ctx, &ch)
	}
	return err
}

func (a *Audited) tell(ctx context.Context, ch *Change, about ...slog.Attr) {
	if a.Changed != nil {
		a.Changed(ch)
	}
	attrs := append([]slog.Attr{slog.String("action", string(ch.Kind)), slog.String("actor", ch.Actor)}, about...)
	for _, more := range []struct{ key, value string }{{"reason", ch.Reason}, {"detail", ch.Detail}, {"remote_ip", ch.Remote}} {
		if more.value != "" {
			attrs = append(attrs, slog.String(more.key, more.value))
		}
	}
	a.Log.LogAttrs(ctx, slog.LevelInfo, "control change", attrs...)
}
