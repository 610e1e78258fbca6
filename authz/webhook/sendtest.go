package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"scopegate/authz"
)

// KindTest is the kind of what SendTest sends. No event of the control log has it,
// and no webhook asks for it.
const KindTest authz.EventKind = "webhook.test"

// TestResult is how a receiver took what SendTest sent.
type TestResult struct {
	Origin string        // scheme and host of the receiver, for people
	ID     string        // the webhook-id
	Status int           // of the answer; 0: there was none
	Took   time.Duration // from connecting to the end of the answer, or until the attempt failed
	Error  string        // why it is no delivery; empty: it is one
}

// SendTest sends a webhook one event of KindTest, signed and bounded as every
// other, over a connection of its own, and says what came back. It is sent
// once. What waits, what failed and what is counted is not touched.
func (d *Dispatcher) SendTest(ctx context.Context, name string, by authz.By) (TestResult, error) {
	s := d.sender(name)
	if s == nil {
		return TestResult{}, fmt.Errorf("webhook %.40q: %w", name, authz.ErrNotFound)
	}
	hook := s.hook.Load()
	rt := s.newTransport(hook)
	defer closeIdleConnections(rt)
	begin := s.now()
	event := &delivery{Kind: KindTest, At: begin.UTC(), Actor: by.Actor, Detail: "sent to try the webhook; it is no event of the control log"}
	status, err := s.post(ctx, hook, rt, event)
	res := TestResult{Origin: hook.Origin, ID: event.id(), Status: status, Took: s.now().Sub(begin)}
	if err != nil {
		res.Error = errorText(err)
	}
	return res, nil
}

// closeIdleConnections closes connections that nothing uses any more; those of running
// attempts are theirs until they end.
func closeIdleConnections(rt http.RoundTripper) {
	if t, ok := rt.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
