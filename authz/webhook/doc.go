// Package webhook tells receivers of others what happened: each event of the
// control log that a webhook asks for becomes one signed POST.
//
// It owns the way of an event from the log to a receiver: the place that each
// webhook has reached in the log, the order of a client's events, retries, the
// dead letters, and the signature (Standard Webhooks, version 1.0.0:
// https://www.standardwebhooks.com). It refuses to know how an event came
// about, what routes.yaml looks like and which engine keeps its records: it
// reads and writes through authz.Store.
//
// What it promises:
//   - At least once: an event that is in the log is delivered, or it ends as a
//     dead letter. The place is stored, and never before what is behind it is
//     delivered or stored itself. A repetition has the same webhook-id.
//   - In order for each client: an event waits until those of the same client
//     before it are delivered or dead letters. Other clients do not wait for it.
//   - Nobody waits for a receiver: senders follow the log on their own, in
//     bounded memory; what does not fit is read from the log again.
//   - Nothing that opens a door is sent or logged: no token, no secret, no hash,
//     no URL.
package webhook
