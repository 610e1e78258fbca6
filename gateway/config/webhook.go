package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"scopegate/authz"
	"scopegate/strict"
)

// Webhook is a receiver of events.
type Webhook struct {
	Name      string
	URL       WebhookURL
	Events    []authz.EventKind // at least one
	Secret    Text              // an authz.WebhookKey's text
	OldSecret Text              // the same; empty: none
	Timeout   time.Duration     // of one attempt
	Attempts  int               // at least 1
	CAFile    string            // empty: the system's roots
}

// WebhookURL is where events are sent. The whole may hold a credential.
type WebhookURL struct {
	Text

	Origin Text // scheme, host and port
}

// Keys returns the keys that sign, the newest first.
func (h *Webhook) Keys() []authz.WebhookKey {
	var keys []authz.WebhookKey
	for _, text := range []Text{h.Secret, h.OldSecret} {
		if key, err := authz.ParseWebhookKey(text.Reveal()); err == nil { // read once already
			keys = append(keys, key)
		}
	}
	return keys
}

var webhookName = strict.Word(strict.Scalar[string]{
	Want:    "a name of 1 to 32 characters a-z, 0-9, '.', '_' and '-'",
	Pattern: regexp.MustCompile(`^[a-z0-9._-]{1,32}$`),
	Parse:   nameKind.Parse,
})

var eventKind = strict.Scalar[authz.EventKind]{
	Want: "event", Words: eventWords(),
	Parse: func(text string) (authz.EventKind, error) { return authz.EventKind(text), nil },
	Print: strict.Same[authz.EventKind],
}

func eventWords() []string {
	var words []string
	for _, kind := range authz.EventKinds() {
		words = append(words, string(kind))
	}
	return words
}

var webhookObject = strict.Object[Webhook]{
	Title: "webhooks.NAME",
	Doc:   "A receiver of events, each of which is a signed POST. See [events.md](events.md).",
	Fresh: func() Webhook { return Webhook{Timeout: 10 * time.Second, Attempts: 12} },
	Fields: []strict.Field[Webhook]{
		strict.Key("url", expandable[WebhookURL]{
			want: "an https URL", looks: `\$\{|^[A-Za-z]+://[^#@\\ ]+$`, parse: parseWebhookURL,
			text: func(u WebhookURL) Text { return u.Text },
		}, func(h *Webhook) *WebhookURL { return &h.URL },
			"Where to: an https URL without user information and fragment; http for loopback hosts only. Redirects are not followed.").Required(),
		strict.Key("events", strict.List[authz.EventKind]{Of: eventKind, Same: strict.Same[authz.EventKind]}, func(h *Webhook) *[]authz.EventKind { return &h.Events },
			"Which events it is told of.").Required(),
		strict.Key[Webhook, Text]("secret", secretKind{}, func(h *Webhook) *Text { return &h.Secret },
			"The key that signs: `whsec_` and the base64 of 24 to 64 random bytes, in a variable or a file, never in this one.").Required(),
		strict.Key[Webhook, Text]("old_secret", secretKind{}, func(h *Webhook) *Text { return &h.OldSecret },
			"The key before it, which signs too while the receiver changes over.").Or("none"),
		strict.Key("timeout", strict.Duration(100*time.Millisecond, time.Minute), func(h *Webhook) *time.Duration { return &h.Timeout },
			"For one attempt, from connecting to the end of the answer."),
		strict.Key("attempts", strict.Integer[int]{Min: 1, Max: 20}, func(h *Webhook) *int { return &h.Attempts },
			"How often an event is tried before it is a dead letter. Twelve attempts are spread over about 22 hours."),
		strict.Key("ca_file", fileKind, func(h *Webhook) *string { return &h.CAFile },
			"PEM file of the authorities that may have signed the receiver's certificate.").Or("the system's"),
	},
	Check: func(r *strict.Reader, h *Webhook, path string) {
		if h.OldSecret.Reveal() != "" && h.OldSecret.Reveal() == h.Secret.Reveal() {
			r.ProblemAt(strict.Join(path, "old_secret"), "is the same as secret")
		}
		if r.Given(strict.Join(path, "ca_file")) && strings.HasPrefix(h.URL.Origin.Reveal(), "http:") {
			r.ProblemAt(strict.Join(path, "ca_file"), "the URL is not https")
		}
	},
}

var webhooksKind = strict.Table[Webhook, Webhook]{
	Name:  webhookName,
	Value: webhookObject,
	Join: func(name string, h Webhook) Webhook {
		h.Name = name
		return h
	},
	Split: func(h Webhook) (string, Webhook) { return h.Name, h },
}

// WebhookPath returns the path of a key of a webhook: webhooks.crm.ca_file.
func WebhookPath(name string, keys ...string) string {
	return joinAll(strict.Join("webhooks", name), keys)
}

func parseWebhookURL(text string, hidden bool) (WebhookURL, error) {
	base, query, _ := strings.Cut(text, "?")
	u, err := splitURL(base)
	switch {
	case errors.Is(err, errUserInfo):
		return WebhookURL{}, errWebhookUser
	case err != nil:
		return WebhookURL{}, err
	case strings.ContainsAny(query, "#\\ "):
		return WebhookURL{}, errNoURL
	case u.scheme != "https" && u.scheme != "http":
		return WebhookURL{}, errScheme("https")
	case u.scheme == "http" && !u.loopback():
		return WebhookURL{}, errPlainWebhook
	}
	return WebhookURL{newText(text, hidden), newText(u.scheme+"://"+u.authority(), hidden)}, nil
}

// secretKind is a signing key that stands elsewhere: one ${NAME} or ${file:PATH}.
type secretKind struct{}

const wantSecret = "${NAME} or ${file:PATH} without a default, since a secret does not belong into this file"

func (secretKind) Read(r *strict.Reader, n *yaml.Node, path string) (Text, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return Text{}, false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		r.Problem(n, path, "want %s", wantSecret)
		return Text{}, false
	}
	pieces, err := cutPieces(n.Value, false)
	if err != nil || len(pieces) != 1 || pieces[0].what != variablePiece || strings.Contains(pieces[0].text, ":-") {
		r.Problem(n, path, "want %s", wantSecret) // what stands there is not repeated
		return Text{}, false
	}
	text, err := expand(r.Env, pieces[0].text)
	if err == nil {
		if _, wrong := authz.ParseWebhookKey(text); wrong != nil {
			err = fmt.Errorf("what ${%.60s} stands for is no signing key: %w", pieces[0].text, wrong)
		}
	}
	if unset, ok := errors.AsType[unsetError](err); ok {
		err = fmt.Errorf("the environment variable %s is not set", string(unset)) // a secret has no default
	}
	if err != nil {
		r.Problem(n, path, "%s", err)
		return Text{}, false
	}
	return newText(text, true), true
}

func (secretKind) Show(v Text) (any, bool) { return v.String(), v.Reveal() != "" }

func (secretKind) Describe() *strict.Shape {
	return &strict.Shape{Kind: "string", Word: "`${NAME}` or `${file:PATH}`", Pattern: `^\$\{[^}]+\}$`}
}

// Webhook returns the webhook of a name, nil if there is none.
func (c *Config) Webhook(name string) *Webhook {
	i := slices.IndexFunc(c.Webhooks, func(h Webhook) bool { return h.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Webhooks[i]
}
