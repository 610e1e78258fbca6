package admin_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"scopegate/authz/admin"
)

var pathParameter = regexp.MustCompile(`:\w+`)

func TestACallWithAnotherMethodIs405(t *testing.T) {
	w := newWorld(t)
	e := echo.New()
	new(admin.Server).Mount(e, true)
	for _, r := range e.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		path := strings.TrimPrefix(pathParameter.ReplaceAllString(r.Path, "x"), "/admin/v1")
		for _, method := range []string{"PUT", "OPTIONS", "BREW"} {
			a := w.call(t, method, path, "")
			allow := strings.Split(a.header.Get("Allow"), ", ")
			if a.status != http.StatusMethodNotAllowed || !slices.Contains(allow, r.Method) {
				t.Errorf("%s %s: %d, Allow %v without %s", method, path, a.status, allow, r.Method)
			}
			wantProblem(t, a)
		}
	}
	for path, allow := range map[string]string{"/clients": "GET, POST", "/clients/x": "GET, PATCH", "/keys/x": "DELETE", "/clients/revoke": "GET, PATCH, POST"} {
		if got := w.call(t, "PUT", path, "").header.Get("Allow"); got != allow {
			t.Errorf("%s allows %q, want %q", path, got, allow)
		}
	}
	if a := w.call(t, "HEAD", "/status", ""); a.status != http.StatusMethodNotAllowed || a.body != "" {
		t.Errorf("HEAD: %d %q", a.status, a.body)
	}
}

func TestWhatIsNoCallIs404(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/nonsense", "/clients/", "/clients/x/y", "/", "/nonsense?limit=1"} {
		a := w.call(t, "GET", path, "")
		if a.status != http.StatusNotFound || a.json["error"] != "not_found" || a.header.Get("Allow") != "" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		wantProblem(t, a)
	}
}

func TestTheTokenIsAskedBeforeThePath(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/nonsense", "/clients"} {
		if a := w.send(t, w.tcp.URL, "PUT", path, "", http.Header{}); a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
