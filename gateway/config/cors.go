package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"scopegate/strict"
)

// CORS says which pages of other origins may call a route (Fetch standard,
// section 3.2).
type CORS struct {
	AllowOrigins     []string // exact, or a single "*"
	AllowMethods     []string // none: the route's
	AllowHeaders     []string
	ExposeHeaders    []string
	AllowCredentials bool
	MaxAge           time.Duration // 0: a preflight's answer is not kept
}

// originKind is an origin as browsers write it; any other spelling would never
// match.
var originKind = strict.Word(strict.Scalar[string]{
	Want:    "an origin such as https://app.example or *",
	Pattern: regexp.MustCompile(`^(\*|[a-z][a-z0-9+.-]*://[^/?#@]+)$`),
	Longest: 300,
	Parse: func(text string) (string, error) {
		if text == "*" {
			return text, nil
		}
		u, err := splitURL(text)
		switch {
		case err != nil:
			return "", fmt.Errorf("%.80q is not an origin: %w", text, err)
		case u.scheme+"://"+u.authority() != text:
			return "", fmt.Errorf("%.80q is not as browsers write it; write %s", text, u.scheme+"://"+u.authority())
		case u.scheme == "https" && u.port == "443" || u.scheme == "http" && u.port == "80":
			return "", fmt.Errorf("%.80q is not as browsers write it; write %s", text, u.scheme+"://"+u.host)
		}
		return text, nil
	},
})

// fieldName is any header name, also one that scopegate writes.
var fieldName = strict.Word(strict.Scalar[string]{
	Want:    "a header name (RFC 9110 5.1)",
	Pattern: headerName.Pattern,
})

var corsObject = strict.Object[CORS]{
	Title: "cors",
	Doc:   "Cross-origin requests: preflights are answered without a token, and refusals carry the CORS headers too.",
	Fresh: func() CORS {
		return CORS{AllowHeaders: []string{"Authorization", "Content-Type"}, MaxAge: 10 * time.Minute}
	},
	Fields: []strict.Field[CORS]{
		strict.Key("allow_origins", strict.List[string]{Of: originKind, Same: strict.Same[string]}, func(c *CORS) *[]string { return &c.AllowOrigins },
			"The origins, `scheme://host[:port]` as browsers write them, or only `*` for any.").Required(),
		strict.Key("allow_methods", strict.List[string]{Of: methodKind, Same: strict.Same[string]}, func(c *CORS) *[]string { return &c.AllowMethods },
			"The methods that pages may use.").Or("the route's `methods`"),
		strict.Key("allow_headers", strict.List[string]{Of: fieldName, Same: fold}, func(c *CORS) *[]string { return &c.AllowHeaders },
			"The request headers that pages may send."),
		strict.Key("expose_headers", strict.List[string]{Of: fieldName, Same: fold}, func(c *CORS) *[]string { return &c.ExposeHeaders },
			"The answer's headers that pages may read beside the safe ones.").Or("none"),
		strict.Key("allow_credentials", strict.Bool, func(c *CORS) *bool { return &c.AllowCredentials },
			"Lets pages send cookies; not with `*`. Bearer tokens do not need it."),
		strict.Key("max_age", strict.Duration(0, 24*time.Hour), func(c *CORS) *time.Duration { return &c.MaxAge },
			"How long a browser may keep a preflight's answer."),
	},
	Check: checkCORS,
}

func checkCORS(r *strict.Reader, c *CORS, path string) {
	if i := slices.Index(c.AllowOrigins, "*"); i >= 0 {
		at := strict.Item(strict.Join(path, "allow_origins"), i)
		if len(c.AllowOrigins) > 1 {
			r.ProblemAt(at, "* stands for every origin and so stands alone")
		}
		if c.AllowCredentials {
			r.ProblemAt(at, "* does not go with allow_credentials; name the origins")
		}
	}
	if i := slices.Index(c.AllowHeaders, "*"); i >= 0 {
		r.ProblemAt(strict.Item(strict.Join(path, "allow_headers"), i), "* does not cover Authorization (Fetch standard); name the headers")
	}
	if i := slices.Index(c.ExposeHeaders, "*"); i >= 0 && c.AllowCredentials {
		r.ProblemAt(strict.Item(strict.Join(path, "expose_headers"), i), "* does not go with allow_credentials; name the headers")
	}
}
