package config

import (
	"regexp"
	"strings"
	"time"

	"scopegate/authz"
	"scopegate/strict"
)

// maxTokenTTL is the longest lifetime that any token may have: 30 days.
const maxTokenTTL = 720 * time.Hour

// OAuth is what routes.yaml says of the authorization server.
type OAuth struct {
	// Issuer is the issuer identifier (RFC 8414 section 2); empty: the public
	// listener's own origin.
	Issuer            Text
	Realm             string        // of challenges (RFC 6750 section 3)
	AccessTokenTTL    time.Duration // of clients without one of their own
	MaxAccessTokenTTL time.Duration // of any client
	TokenPrefix       string
}

func defaultOAuth() OAuth {
	return OAuth{
		Realm:             "scopegate",
		AccessTokenTTL:    time.Hour,
		MaxAccessTokenTTL: 24 * time.Hour,
		TokenPrefix:       "spoat_",
	}
}

var ttlKind = strict.Duration(authz.MinTokenTTL, maxTokenTTL)

var oauthObject = strict.Object[OAuth]{
	Title: "oauth",
	Doc:   "The authorization server: what its tokens are like.",
	Fresh: defaultOAuth,
	Fields: []strict.Field[OAuth]{
		strict.Key("issuer", expandable[Text]{
			want: "an https URL", looks: `\$\{|^[A-Za-z]+://[^?#@\\ ]*[^?#@\\ /]$`, parse: parseIssuer, text: func(t Text) Text { return t },
		}, func(o *OAuth) *Text { return &o.Issuer },
			"The issuer that metadata and introspection name (RFC 8414): an https URL without query, fragment and final slash; http for loopback hosts only.").
			Or("the public listener's own origin"),
		strict.Key("realm", strict.Word(strict.Scalar[string]{
			Want:    "a realm of 1 to 100 printable ASCII characters but \" and \\",
			Pattern: regexp.MustCompile(`^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$`),
		}), func(o *OAuth) *string { return &o.Realm },
			"The realm of `WWW-Authenticate`."),
		strict.Key("access_token_ttl", ttlKind, func(o *OAuth) *time.Duration { return &o.AccessTokenTTL },
			"How long a token lives, for clients without a lifetime of their own; at most `max_access_token_ttl`.").
			Or("1h, or `max_access_token_ttl` if that is shorter"),
		strict.Key("max_access_token_ttl", ttlKind, func(o *OAuth) *time.Duration { return &o.MaxAccessTokenTTL },
			"The longest lifetime that a client may have."),
		strict.Key("token_prefix", strict.Word(strict.Scalar[string]{
			Want:    "a prefix of 1 to 16 characters A-Z, a-z, 0-9 and '_'",
			Pattern: regexp.MustCompile(`^[A-Za-z0-9_]{1,16}$`),
		}), func(o *OAuth) *string { return &o.TokenPrefix },
			"What every token begins with, so that secret scanners know one."),
	},
	Check: checkOAuth,
}

func checkOAuth(r *strict.Reader, o *OAuth, path string) {
	ttl := strict.Join(path, "access_token_ttl")
	if !r.Given(ttl) {
		o.AccessTokenTTL = min(o.AccessTokenTTL, o.MaxAccessTokenTTL)
	}
	if o.AccessTokenTTL > o.MaxAccessTokenTTL {
		r.ProblemAt(ttl, "%s is longer than max_access_token_ttl, %s", strict.ShortDuration(o.AccessTokenTTL), strict.ShortDuration(o.MaxAccessTokenTTL))
	}
}

func parseIssuer(text string, hidden bool) (Text, error) {
	u, err := splitURL(text)
	switch {
	case err != nil:
		return Text{}, err
	case u.scheme != "https" && u.scheme != "http":
		return Text{}, errScheme("https")
	case u.scheme == "http" && !u.loopback():
		return Text{}, errPlainIssuer
	case strings.HasSuffix(u.path, "/"):
		return Text{}, errFinalSlash
	case !issuerPath.MatchString(u.path):
		return Text{}, errIssuerPath
	}
	return newText(text, hidden), nil
}

var issuerPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)
