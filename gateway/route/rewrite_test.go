package route_test

import (
	"strings"
	"testing"

	"scopegate/gateway/route"
)

// rewritten returns the target of a path on a route with the pattern.
func rewritten(t *testing.T, pattern, strip, template, raw string) string {
	t.Helper()
	p := mustPattern(t, pattern)
	rw, err := route.ParseRewrite(p, strip, template)
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable([]*route.Route{{Name: "r", Pattern: p, AllowEncodedSlash: true, Rewrite: rw}})
	if err != nil {
		t.Fatal(err)
	}
	m := table.Match("", "GET", mustPath(t, raw))
	if m.Outcome != route.Found {
		t.Fatalf("%s on %s: %v", raw, pattern, m.Outcome)
	}
	target, err := rw.Target(&m)
	if err != nil {
		return err.Error()
	}
	return target
}

func TestTargets(t *testing.T) {
	tests := []struct{ name, pattern, strip, template, raw, want string }{
		{"as received", "/a/*", "", "", "/%61/b%20c/", "/%61/b%20c/"},
		{"strip", "/partner/invoices/*", "/partner", "", "/partner/invoices/7", "/invoices/7"},
		{"strip compares decoded", "/partner/*", "/partner", "", "/p%61rtner/x%20y", "/x%20y"},
		{"strip all of it", "/partner/*", "/partner", "", "/partner", "/"},
		{"strip up to a trailing slash", "/partner/*", "/partner", "", "/partner/", "/"},
		{"strip an exact path", "/partner", "/partner", "", "/partner", "/"},
		{"strip two segments", "/a/b/c", "/a/b", "", "/a/b/c", "/c"},
		{"strip a name", "/tenants/{t}/*", "/tenants/{t}", "", "/tenants/x/y/", "/y/"},
		{"strip a name with an encoded slash", "/tenants/{t}/*", "/tenants/{t}", "", "/tenants/x%2Fz/y", "/y"},
		{"strip keeps an encoded slash", "/a/*", "/a", "", "/a/x%2fy/z", "/x%2fy/z"},
		{"strip is no text prefix", "/api/*", "/api", "", "/api/api../x", "/api../x"},
		{"rewrite to a constant", "/old/*", "", "/index.php", "/old/x/y", "/index.php"},
		{"rewrite the beginning", "/old/*", "", "/new/*", "/old/x%20y/z/", "/new/x%20y/z/"},
		{"rewrite nothing below", "/old/*", "", "/new/*", "/old", "/new"},
		{"rewrite with a trailing slash", "/old/*", "", "/new/*", "/old/", "/new/"},
		{"rewrite to the root", "/old/*", "", "/*", "/old", "/"},
		{"rewrite a name, raw", "/u/{name}", "", "/users/{name}/profile", "/u/b%C3%bcro", "/users/b%C3%bcro/profile"},
		{"rewrite names in another order", "/{a}/{b}/*", "", "/{b}/x/{a}/*", "/1/2/3/4", "/2/x/1/3/4"},
		{"rewrite keeps an encoded slash", "/f/{name}", "", "/g/{name}", "/f/a%2Fb", "/g/a%2Fb"},
		{"rewrite escapes its literals", "/a/*", "", "/b c/100%/ä/*", "/a/x", "/b%20c/100%25/%C3%A4/x"},
		{"rewrite to a trailing slash", "/a", "", "/b/", "/a", "/b/"},
		{"rewrite the root", "/*", "", "/app/*", "/", "/app/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := rewritten(t, test.pattern, test.strip, test.template, test.raw); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRewritesThatCannotHoldAreRefused(t *testing.T) {
	tests := []struct{ pattern, strip, template, problem string }{
		{"/a/*", "/a", "/b", "exclude each other"},
		{"/a/*", "/a/", "", "ends in a slash"},
		{"/a/*", "/", "", "ends in a slash"},
		{"/a/*", "a", "", "does not begin with a slash"},
		{"/a/*", "/b", "", `is not the beginning of the path "/a/*"`},
		{"/ab/*", "/a", "", "is not the beginning"},
		{"/a/*", "/a/b", "", "is not the beginning"},
		{"/a/*", "/a/*", "", "is not the beginning"},
		{"/{x}/*", "/{y}", "", "is not the beginning"},
		{"/a/*", "/a/..", "", "is a dot segment"},
		{"/a/*", "", "/../*", "is a dot segment"},
		{"/a/*", "", "/b//*", "is an empty segment"},
		{"/a/*", "", "/%2e%2e/*", "written decoded"},
		{"/a/*", "", "b", "does not begin with a slash"},
		{"/a", "", "/b/*", `ends in /* but the path "/a" does not`},
		{"/a/{x}", "", "/b/{y}", "has no {y}"},
		{"/a/{x}", "", "/b-{x}", "take a whole segment"},
		{"/a/{x}", "", "/b?id={x}", "take a whole segment"},
		{"/a", "", "/b?c=d", "no query"},
	}
	for _, test := range tests {
		_, err := route.ParseRewrite(mustPattern(t, test.pattern), test.strip, test.template)
		if err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s, strip %q, rewrite %q: %v; want %q", test.pattern, test.strip, test.template, err, test.problem)
		}
	}
}

// FuzzTarget: no path makes a target that is not canonical or leaves the
// template's literals.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{"/a/x", "/a/x/..", "/a/x%2f..%2fy", "/a/x//y", "/a/%2e%2e/", "/a/x%2fy/z"} {
		f.Add(seed)
	}
	pattern, _ := route.ParsePattern("/a/{x}/*")
	strip, _ := route.ParseRewrite(pattern, "/a", "")
	template, _ := route.ParseRewrite(pattern, "", "/new/{x}/*")
	table, _ := route.NewTable([]*route.Route{{Name: "r", Pattern: pattern, AllowEncodedSlash: true}})
	f.Fuzz(func(t *testing.T, raw string) {
		path, pathErr := route.Canonical(raw)
		if pathErr != nil {
			return
		}
		m := table.Match("", "GET", &path)
		if m.Outcome != route.Found {
			return
		}
		stripped, err := strip.Target(&m)
		if err != nil || !strings.HasSuffix(raw, stripped) {
			t.Errorf("%q stripped is %q, %v", raw, stripped, err)
		}
		renewed, err := template.Target(&m)
		if err != nil || renewed != "/new"+stripped || !strings.HasPrefix(clean(lenientUnescape(renewed)), "/new/") {
			t.Errorf("%q rewritten is %q, %v", raw, renewed, err)
		}
	})
}

func TestStrippingDoesNotAllocate(t *testing.T) {
	pattern := mustPattern(t, "/partner/*")
	rw, err := route.ParseRewrite(pattern, "/partner", "")
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable([]*route.Route{{Name: "r", Pattern: pattern}})
	if err != nil {
		t.Fatal(err)
	}
	m := table.Match("", "GET", mustPath(t, "/partner/invoices/7"))
	n := testing.AllocsPerRun(100, func() {
		if _, err := rw.Target(&m); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
