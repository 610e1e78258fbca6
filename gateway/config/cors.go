package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"
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
var originKind = word(scalar[string]{
	want:    "an origin such as https://app.example or *",
	pattern: regexp.MustCompile(`^(\*|[a-z][a-z0-9+.-]*://[^/?#@]+)$`),
	longest: 300,
	parse: func(text string) (string, error) {
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
var fieldName = word(scalar[string]{
	want:    "a header name (RFC 9110 5.1)",
	pattern: headerName.pattern,
})

var corsObject = object[CORS]{
	title: "cors",
	doc:   "Cross-origin requests: preflights are answered without a token, and refusals carry the CORS headers too.",
	fresh: func() CORS {
		return CORS{AllowHeaders: []string{"Authorization", "Content-Type"}, MaxAge: 10 * time.Minute}
	},
	fields: []field[CORS]{
		key("allow_origins", list[string]{of: originKind, same: same[string]}, func(c *CORS) *[]string { return &c.AllowOrigins },
			"The origins, `scheme://host[:port]` as browsers write them, or only `*` for any.").must(),
		key("allow_methods", list[string]{of: methodKind, same: same[string]}, func(c *CORS) *[]string { return &c.AllowMethods },
			"The methods that pages may use.").or("the route's `methods`"),
		key("allow_headers", list[string]{of: fieldName, same: fold}, func(c *CORS) *[]string { return &c.AllowHeaders },
			"The request headers that pages may send."),
		key("expose_headers", list[string]{of: fieldName, same: fold}, func(c *CORS) *[]string { return &c.ExposeHeaders },
			"The answer's headers that pages may read beside the safe ones.").or("none"),
		key("allow_credentials", yesOrNo, func(c *CORS) *bool { return &c.AllowCredentials },
			"Lets pages send cookies; not with `*`. Bearer tokens do not need it."),
		key("max_age", duration(0, 24*time.Hour), func(c *CORS) *time.Duration { return &c.MaxAge },
			"How long a browser may keep a preflight's answer."),
	},
	check: checkCORS,
}

func checkCORS(r *reader, c *CORS, path string) {
	if i := slices.Index(c.AllowOrigins, "*"); i >= 0 {
		at := item(join(path, "allow_origins"), i)
		if len(c.AllowOrigins) > 1 {
			r.problemAt(at, "* stands for every origin and so stands alone")
		}
		if c.AllowCredentials {
			r.problemAt(at, "* does not go with allow_credentials; name the origins")
		}
	}
	if i := slices.Index(c.AllowHeaders, "*"); i >= 0 {
		r.problemAt(item(join(path, "allow_headers"), i), "* does not cover Authorization (Fetch standard); name the headers")
	}
	if i := slices.Index(c.ExposeHeaders, "*"); i >= 0 && c.AllowCredentials {
		r.problemAt(item(join(path, "expose_headers"), i), "* does not go with allow_credentials; name the headers")
	}
}
