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
	// Changed is called once after each control change, with the client that it
	// is about (empty: none) and with what was changed; it must neither block nor
	// keep that. If nil, nobody is told.
	Changed func(ClientID, *Change)
}

// PutClient implements Store.
func (a *Audited) PutClient(ctx context.Context, c Client, ch Change) (Client, error) {
	stored, err := a.Store.PutClient(ctx, c, ch)
	if err == nil {
		a.tell(ctx, c.ID, &ch)
	}
	return stored, err
}

// RevokeToken implements Store. A token that is known to be revoked is no
// change and is not told again.
func (a *Audited) RevokeToken(ctx context.Context, t AccessToken, ch Change) error {
	err := a.Store.RevokeToken(ctx, t, ch)
	if err == nil && !t.Revoked {
		a.tell(ctx, t.ClientID, &ch, slog.String("token_id", string(t.Key.Hash.ID())))
	}
	return err
}

// Note implements Store.
func (a *Audited) Note(ctx context.Context, ch Change) error {
	err := a.Store.Note(ctx, ch)
	if err == nil {
		a.tell(ctx, ch.ClientID, &ch)
	}
	return err
}

func (a *Audited) tell(ctx context.Context, id ClientID, ch *Change, about ...slog.Attr) {
	if a.Changed != nil {
		a.Changed(id, ch)
	}
	attrs := []slog.Attr{slog.String("action", string(ch.Kind)), slog.String("actor", ch.Actor)}
	if id != "" {
		attrs = append(attrs, slog.String("client_id", string(id)))
	}
	attrs = append(attrs, about...)
	for _, more := range []struct{ key, value string }{{"reason", ch.Reason}, {"detail", ch.Detail}, {"remote_ip", ch.Remote}} {
		if more.value != "" {
			attrs = append(attrs, slog.String(more.key, more.value))
		}
	}
	a.Log.LogAttrs(ctx, slog.LevelInfo, "control change", attrs...)
}
