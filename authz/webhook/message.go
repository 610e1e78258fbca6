package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"scopegate/authz"
)

// message is the body of a request. Field names are a promise to receivers.
type message struct {
	Type      authz.EventKind `json:"type"`
	Timestamp time.Time       `json:"timestamp"` // of the event
	Data      messageData     `json:"data"`
}

type messageData struct {
	Seq        authz.Seq      `json:"seq"`
	ClientID   authz.ClientID `json:"client_id,omitempty"`
	ClientName string         `json:"client_name,omitempty"` // this and the owner as they are when it is sent
	OwnerType  string         `json:"owner_type,omitempty"`
	OwnerID    string         `json:"owner_id,omitempty"`
	TokenID    authz.TokenID  `json:"token_id,omitempty"`
	SecretID   string         `json:"secret_id,omitempty"`
	SecretEnds time.Time      `json:"secret_ends_at,omitzero"`
	Actor      string         `json:"actor"`
	Reason     string         `json:"reason,omitempty"`
	Detail     string         `json:"detail,omitempty"`
}

// id names the event to receivers, the same at every attempt. It is made of
// what the event is, not of its position alone: a store that was restored gives
// a position away twice.
func (d *delivery) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %s", d.Seq, d.Kind, d.At.UTC().Format(time.RFC3339Nano), d.ClientID, d.TokenID))
	return "evt_" + hex.EncodeToString(sum[:16])
}

// body is the message; client is who it is about, nil where that is nobody or
// is not known any more.
func (d *delivery) body(client *authz.Client) ([]byte, error) {
	m := message{Type: d.Kind, Timestamp: d.At, Data: messageData{
		Seq: d.Seq, ClientID: d.ClientID, TokenID: d.TokenID, SecretID: d.SecretID, SecretEnds: d.SecretEnds,
		Actor: d.Actor, Reason: d.Reason, Detail: d.Detail,
	}}
	if client != nil {
		m.Data.ClientName, m.Data.OwnerType, m.Data.OwnerID = client.Name, client.OwnerType, client.OwnerID
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode message %d: %w", d.Seq, err)
	}
	return body, nil
}
