package clientfile

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"scopegate/authz"
	"scopegate/strict"
)

// Client is a client as it shall be.
type Client struct {
	ID             authz.ClientID
	Name           string
	AllowedGrants  []string // none: client_credentials
	AllowedScopes  []string
	Confidential   *bool // nil: true
	Owner          Owner
	AccessTokenTTL time.Duration // 0: the server's default
	IssueLimit     authz.IssueLimit
	MaxLiveTokens  int // 0: no cap
	Addresses      []string
	Labels         []Label
	Status         authz.Status // empty: left as it is, and a new client is active
	Secrets        []Secret     // none: those that it has
}

// Owner is whom a client belongs to; the zero value is nobody.
type Owner struct{ Type, ID string }

// Label is one label of a client.
type Label struct{ Key, Value string }

var clientObject = strict.Object[Client]{
	Title: "clients[]",
	Doc:   "A client. What the server alone knows, such as its generation and last use, does not stand here.",
	Fields: []strict.Field[Client]{
		strict.Key("id", idKind, func(c *Client) *authz.ClientID { return &c.ID },
			"Its id, a UUIDv4 in lower case that you chose once (`uuidgen -r`) and never use for another client.").Required(),
		strict.Key("name", nameKind, func(c *Client) *string { return &c.Name },
			"What people call it: 1 to 200 printable characters.").Required(),
		strict.Key("allowed_scopes", strict.List[string]{Of: scopeKind, Same: strict.Same[string]}, func(c *Client) *[]string { return &c.AllowedScopes },
			"The scopes that it may ask for, each in the catalogue of `routes.yaml`. One that is taken away ends in its tokens at once.").Or("none"),
		strict.Key("allowed_grants", strict.List[string]{Of: grantKind, Same: strict.Same[string]}, func(c *Client) *[]string { return &c.AllowedGrants },
			"The grant types that it may use.").Or("`client_credentials`"),
		strict.Key("confidential", strict.Optional[bool]{Of: strict.Bool}, func(c *Client) **bool { return &c.Confidential },
			"Whether it can keep a secret; only such a client gets tokens.").Or("`true`"),
		strict.Key("owner", ownerKind, func(c *Client) *Owner { return &c.Owner },
			"Whom it belongs to in your own books, `TYPE:ID`.").Or("nobody"),
		strict.Key("access_token_ttl", strict.Duration(authz.MinTokenTTL, 720*time.Hour), func(c *Client) *time.Duration { return &c.AccessTokenTTL },
			"How long its tokens live; at most `oauth.max_access_token_ttl`.").Or("the server's"),
		strict.Key("issue_limit", limitKind, func(c *Client) *authz.IssueLimit { return &c.IssueLimit },
			"How many tokens it may ask for in a second, a minute or an hour.").Or("no bound"),
		strict.Key("max_live_tokens", strict.Integer[int]{Min: 1, Max: authz.MaxLiveTokens}, func(c *Client) *int { return &c.MaxLiveTokens },
			"How many of its tokens may live at once.").Or("no cap"),
		strict.Key("addresses", strict.List[string]{Of: addressKind, Same: strict.Same[string]}, func(c *Client) *[]string { return &c.Addresses },
			"The addresses and ranges that it may act from.").Or("anywhere"),
		strict.Key("labels", labelsKind, func(c *Client) *[]Label { return &c.Labels },
			"Labels by which it is found: up to 20, keys of 1 to 63 characters `A-Za-z0-9._/-`, values of up to as many.").Or("none"),
		strict.Key("status", statusKind, func(c *Client) *authz.Status { return &c.Status },
			"A disabled client gets no tokens, and those that it had are dead. A client is revoked by `clients revoke`, or by `--prune` once the file names it no more.").Or("left as it is; `active` for a new client"),
		strict.Key("secrets", strict.List[Secret]{Of: secretObject, Keep: true}, func(c *Client) *[]Secret { return &c.Secrets },
			"All its secrets: others end. Each is given by a file or by its hash.").Or("those that it has"),
	},
	Check: func(r *strict.Reader, c *Client, path string) {
		if n := len(c.Secrets); n > authz.MaxSecrets {
			r.ProblemAt(strict.Join(path, "secrets"), "holds %d secrets, more than %d", n, authz.MaxSecrets)
		}
		if n := len(c.Labels); n > authz.MaxLabels {
			r.ProblemAt(strict.Join(path, "labels"), "holds %d labels, more than %d", n, authz.MaxLabels)
		}
	},
}

var idKind = strict.Scalar[authz.ClientID]{
	Want:    "a UUIDv4 in lower case",
	Pattern: regexp.MustCompile(authz.DeclaredIDPattern),
	Parse:   authz.ParseClientID,
	Print:   func(id authz.ClientID) string { return string(id) },
}

var nameKind = strict.Word(strict.Scalar[string]{
	Want:  "a name of 1 to 200 printable characters",
	Plain: true,
	Parse: func(text string) (string, error) {
		if n := utf8.RuneCountInString(text); n < 1 || n > authz.MaxNameLength {
			return "", fmt.Errorf("has %d characters, not 1 to %d", n, authz.MaxNameLength)
		}
		for _, r := range text {
			if !unicode.IsPrint(r) {
				return "", fmt.Errorf("holds the unprintable character %U", r)
			}
		}
		return text, nil
	},
})

var scopeKind = strict.Word(strict.Scalar[string]{
	Want:    "a scope",
	Pattern: regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,200}$`),
	Plain:   true,
})

var grantKind = strict.Word(strict.Scalar[string]{Want: "grant type", Words: []string{string(authz.GrantClientCredentials)}})

var ownerKind = strict.Scalar[Owner]{
	Want:    "an owner such as tenant:42, TYPE:ID, each of 1 to 128 characters A-Z, a-z, 0-9 and ._:@/-",
	Pattern: regexp.MustCompile(`^[A-Za-z0-9._@/-]{1,128}:[A-Za-z0-9._:@/-]{1,128}$`),
	Parse: func(text string) (Owner, error) {
		kind, id, _ := strings.Cut(text, ":")
		return Owner{kind, id}, nil
	},
	Print: func(o Owner) string {
		if o == (Owner{}) {
			return ""
		}
		return o.Type + ":" + o.ID
	},
}

var limitKind = strict.Scalar[authz.IssueLimit]{
	Want:    "a limit from 1 to 1000000 such as 10/s, 10/m or 100/h",
	Pattern: regexp.MustCompile(`^[1-9][0-9]{0,6}/[smh]$`),
	Parse:   authz.ParseIssueLimit,
	Print:   authz.IssueLimit.String,
}

var addressKind = strict.Word(strict.Scalar[string]{
	Want:    "an address or a range of addresses such as 10.0.0.0/8",
	Pattern: regexp.MustCompile(`^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$`),
	Parse: func(text string) (string, error) {
		list, err := authz.ParseAddresses([]string{text})
		if err != nil {
			return "", err
		}
		return list.Strings()[0], nil
	},
})

const labelPattern = `^[A-Za-z0-9._/-]{1,63}$`

var labelsKind = strict.Table[string, Label]{
	Name: strict.Word(strict.Scalar[string]{
		Want: "a label of 1 to 63 characters A-Z, a-z, 0-9 and ._/-", Pattern: regexp.MustCompile(labelPattern),
	}),
	Value: strict.Word(strict.Scalar[string]{
		Want: "a value of up to 63 characters A-Z, a-z, 0-9 and ._/-", Pattern: regexp.MustCompile(`^[A-Za-z0-9._/-]{0,63}$`),
	}),
	Join:  func(key, value string) Label { return Label{key, value} },
	Split: func(l Label) (string, string) { return l.Key, l.Value },
}

var statusKind = strict.Scalar[authz.Status]{
	Want:  "status",
	Words: []string{string(authz.StatusActive), string(authz.StatusDisabled)},
	Parse: func(text string) (authz.Status, error) { return authz.Status(text), nil },
	Print: func(s authz.Status) string {
		if s == authz.StatusActive {
			return ""
		}
		return string(s)
	},
}
