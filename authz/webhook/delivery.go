package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"scopegate/authz"
)

// delivery is one event on its way to one receiver. As JSON it is an entry of
// the webhook's namespace, complete without the log.
type delivery struct {
	Seq        authz.Seq       `json:"seq"`
	Kind       authz.EventKind `json:"kind"`
	At         time.Time       `json:"at"`
	Actor      string          `json:"actor,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Detail     string          `json:"detail,omitempty"`
	ClientID   authz.ClientID  `json:"client_id,omitempty"`
	TokenID    authz.TokenID   `json:"token_id,omitempty"`
	SecretID   string          `json:"secret_id,omitempty"`
	SecretEnds time.Time       `json:"secret_ends,omitzero"`
	Attempts   int             `json:"attempts"`
	Next       time.Time       `json:"next,omitzero"` // of the next attempt
	LastError  string          `json:"last_error,omitempty"`
	DiedAt     time.Time       `json:"died_at,omitzero"` // of a dead letter

	noted   bool // an entry of the namespace
	changed bool // since it was noted
}

func deliveryOf(e *authz.Event) *delivery {
	d := &delivery{
		Seq: e.Seq, Kind: e.Change.Kind, At: e.Change.At.UTC(), Actor: e.Change.Actor, Reason: e.Change.Reason,
		Detail: e.Change.Detail, ClientID: e.ClientID, SecretID: e.Change.SecretID, SecretEnds: e.Change.SecretEnds,
	}
	if e.Token != nil {
		d.TokenID = e.Token.Hash.ID()
	}
	return d
}

func (d *delivery) entry(prefix string) (authz.Entry, error) {
	value, err := json.Marshal(d)
	if err != nil {
		return authz.Entry{}, fmt.Errorf("encode delivery %d: %w", d.Seq, err)
	}
	return authz.Entry{Key: key(prefix, d.Seq), Value: value}, nil
}

func readDelivery(e *authz.Entry) (*delivery, error) {
	d := &delivery{}
	if err := json.Unmarshal(e.Value, d); err != nil {
		return nil, fmt.Errorf("entry %s: %w", e.Key, err)
	}
	return d, nil
}
