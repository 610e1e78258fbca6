package admin_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz/admin"
	"scopegate/authz/assertion"
)

func TestTheSigningKeysEndpointsAnswerAsPromised(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	keeper := &assertion.Keeper{
		Now:  func() time.Time { return now },
		Save: func(_, _ *assertion.Keys) error { return nil },
	}
	e := echo.New()
	(&admin.Server{Signing: keeper}).Mount(e, true)
	call := func(method, path, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), method, "/admin/v1/signing-keys"+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, req)
		return w
	}
	first := func() string { return keeper.States()[0].ID }
	// In order: each case sees what those before it did.
	for _, tc := range []struct {
		name, method string
		path         func() string
		body         string
		status       int
		holds        string
	}{
		{"none yet", "GET", nil, "", 200, `{"keys":[]}`},
		{"rotate where nothing is signed", "POST", rotate, "", 404, `no upstream asks`},
		{"one", "GET", nil, "ready", 200, `"state":"signs","signs_from":"2026-03-01T12:00:00Z"`},
		{"rotate with an unknown member", "POST", rotate, `{"now":true}`, 400, `bad_request`},
		{"rotate with a broken algorithm", "POST", rotate, `{"algorithm":"none"}`, 400, `"field":"algorithm"`},
		{"rotate with a reason of two lines", "POST", rotate, `{"reason":"a\nb"}`, 400, `"field":"reason"`},
		{"rotate", "POST", rotate, "", 200, `"state":"waits","signs_from":"2026-03-01T12:10:00Z"`},
		{"rotate twice", "POST", rotate, "", 400, `"field":"signs_from"`},
		{"retire the one that signs", "DELETE", first, "", 400, `rotate first`},
		{"retire nobody", "DELETE", func() string { return "nobody" }, "", 404, `not_found`},
		{"an hour later", "GET", nil, "wait", 200, `"retire_from":"2026-03-01T12:20:00Z"`},
		{"retire with a force that is none", "DELETE", func() string { return first() + "?force=yes" }, "", 400, `"field":"force"`},
		{"retire", "DELETE", first, "", 200, `"state":"signs"`},
	} {
		switch tc.body {
		case "ready":
			if err := keeper.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
		case "wait":
			now = now.Add(time.Hour)
		}
		path := ""
		if tc.path != nil {
			path = "/" + tc.path()
		}
		if w := call(tc.method, path, strings.TrimPrefix(strings.TrimPrefix(tc.body, "ready"), "wait")); w.Code != tc.status || !strings.Contains(w.Body.String(), tc.holds) {
			t.Errorf("%s: %d %s, want %d and %s", tc.name, w.Code, w.Body, tc.status, tc.holds)
		}
	}
}

func rotate() string { return "rotate" }
