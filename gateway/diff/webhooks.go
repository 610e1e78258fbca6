package diff

import (
	"fmt"
	"slices"
	"strings"

	"scopegate/authz"
	"scopegate/gateway/config"
)

// ofWebhooks compares the receivers of events. It names keys and never the
// values of URLs and secrets.
func ofWebhooks(old, next *config.Config) (changes []Change) {
	say := func(words string) { changes = append(changes, Change{Effect: Neither, Words: words}) }
	for i := range next.Webhooks {
		h := &next.Webhooks[i]
		was := old.Webhook(h.Name)
		if was == nil {
			say(fmt.Sprintf("webhook %s is new: it is told of %s", h.Name, kinds(h.Events)))
		} else if words := ofWebhook(was, h); len(words) > 0 {
			say(fmt.Sprintf("webhook %s %s", h.Name, join(words)))
		}
	}
	for i := range old.Webhooks {
		if name := old.Webhooks[i].Name; next.Webhook(name) == nil {
			say(fmt.Sprintf("webhook %s is gone: it is told of nothing until it comes back", name))
		}
	}
	return changes
}

func ofWebhook(old, next *config.Webhook) (words []string) {
	if more := added(old.Events, next.Events); len(more) > 0 {
		words = append(words, "is told of "+kinds(more)+", too")
	}
	if fewer := added(next.Events, old.Events); len(fewer) > 0 {
		words = append(words, "is not told of "+kinds(fewer)+" any more")
	}
	var keys []string
	for _, k := range []struct {
		name    string
		differs bool
	}{
		{"attempts", old.Attempts != next.Attempts},
		{"ca_file", old.CAFile != next.CAFile},
		{"old_secret", old.OldSecret.Reveal() != next.OldSecret.Reveal()},
		{"secret", old.Secret.Reveal() != next.Secret.Reveal()},
		{"timeout", old.Timeout != next.Timeout},
		{"url", old.URL.Reveal() != next.URL.Reveal()},
	} {
		if k.differs {
			keys = append(keys, k.name)
		}
	}
	if len(keys) > 0 {
		words = append(words, "has other "+strings.Join(keys, ", "))
	}
	return words
}

func kinds(events []authz.EventKind) string {
	words := make([]string, 0, len(events))
	for _, kind := range slices.Sorted(slices.Values(events)) {
		words = append(words, string(kind))
	}
	return strings.Join(words, ", ")
}
