package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/authz/admin"
)

// ask gets a question about usage answered.
func ask[T any](t *testing.T, w *world, path string) (out T) {
	t.Helper()
	a := w.call(t, http.MethodGet, path, "")
	if a.status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return out
}

// names tells the clients of a page.
func names(list admin.UsageList) string {
	var names []string
	for _, u := range list.Clients {
		names = append(names, u.Name)
	}
	return strings.Join(names, " ")
}

func TestUsageSaysWhatAClientUsed(t *testing.T) {
	w := newWorld(t)
	begin := w.now()
	id, _ := w.create(t, `{"name":"worker","allowed_scopes":["a:read","b:write"],"owner_type":"tenant","owner_id":"42"}`)
	used := begin.Add(20 * 24 * time.Hour)
	m := w.view.Meter(authz.ClientID(id))
	m.Request(used.Unix())
	m.Use("a:read", used.Unix())
	m.Issued(&authz.AccessToken{IssuedAt: used, ExpiresAt: used.Add(time.Hour)})
	w.clock.Store(begin.Add(40 * 24 * time.Hour).Unix())

	got := ask[admin.UsageList](t, w, "/usage?unused_for=480h")
	want := admin.UsageList{UnusedFor: admin.Duration(480 * time.Hour), Clients: []admin.Usage{{
		ClientID: id, Name: "worker", Status: "active", OwnerType: "tenant", OwnerID: "42", CountedSince: &begin, LastUsedAt: &used,
		Requests: 1, TokensIssued: 1, Recent: admin.RecentUsage{Since: new(begin.Add(39 * 24 * time.Hour).Truncate(24 * time.Hour))},
		Scopes: []admin.ScopeUse{
			{Scope: "a:read", CountedSince: &begin, LastUsedAt: &used, Uses: 1, Unused: true},
			{Scope: "b:write", CountedSince: &begin, Unused: true},
		},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = ask[admin.UsageList](t, w, "/usage") // 30 days
	if scopes := got.Clients[0].Scopes; scopes[0].Unused || !scopes[1].Unused || got.UnusedFor != admin.Duration(admin.DefaultUnusedFor) {
		t.Errorf("by default: %+v", got)
	}
	for range 25 {
		m.Issued(&authz.AccessToken{IssuedAt: w.now(), ExpiresAt: w.now().Add(time.Hour)})
	}
	if u := ask[admin.UsageList](t, w, "/usage").Clients[0]; !u.TokenPerCall || u.Recent.TokensIssued != 25 || u.Recent.EarlyTokens != 24 || u.TokensIssued != 26 {
		t.Errorf("after 25 tokens at once: %+v", u)
	}
}

func TestUsageComesInPagesAndIsFiltered(t *testing.T) {
	w := newWorld(t)
	ids := map[string]string{}
	for i, owner := range []string{"42", "43", "42", "43", "42"} {
		name := fmt.Sprintf("c%d", i)
		ids[name], _ = w.create(t, fmt.Sprintf(`{"name":%q,"owner_type":"tenant","owner_id":%q}`, name, owner))
	}
	w.call(t, http.MethodPost, "/clients/"+ids["c4"]+"/revoke", "")
	w.call(t, http.MethodPost, "/clients/"+ids["c3"]+"/disable", "")

	seen := map[string]int{}
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		list := ask[admin.UsageList](t, w, "/usage?limit=2&cursor="+cursor)
		for _, u := range list.Clients {
			seen[u.Name]++
		}
		if cursor = list.NextCursor; pages > 3 {
			t.Fatal("the pages do not end")
		}
	}
	if diff := cmp.Diff(map[string]int{"c0": 1, "c1": 1, "c2": 1, "c3": 1}, seen); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
	for query, want := range map[string]int{
		"owner_type=tenant&owner_id=42": 2, "owner_type=tenant&owner_id=43": 2, "owner_type=tenant&owner_id=44": 0, "status=revoked": 1,
		"client_id=" + ids["c0"]: 1, "client_id=" + ids["c4"]: 1, "owner_type=tenant&owner_id=43&client_id=" + ids["c0"]: 0,
	} {
		if list := ask[admin.UsageList](t, w, "/usage?"+query); len(list.Clients) != want {
			t.Errorf("%s: %q, want %d", query, names(list), want)
		}
	}
	for query, want := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "cursor=x": "cursor", "owner_type=tenant": "owner_type", "status=dead": "status",
		"unused_for=30": "unused_for", "unused_for=0s": "unused_for", "unused_for=-1h": "unused_for", "client_id=x": "client_id",
	} {
		for _, path := range []string{"/usage?", "/usage/routes?"} {
			a := w.call(t, http.MethodGet, path+query, "")
			if strings.HasPrefix(query, "unused_for") && path != "/usage?" {
				continue
			}
			if a.status != http.StatusBadRequest || a.json["field"] != want {
				t.Errorf("%s%s: %d %s, want 400 naming %s", path, query, a.status, a.body, want)
			}
		}
	}
	if a := w.call(t, http.MethodGet, "/usage?client_id=00000000-0000-4000-8000-000000000000", ""); a.status != http.StatusNotFound {
		t.Errorf("an unknown client: %d %s", a.status, a.body)
	}
	if a := w.send(t, w.tcp.URL, http.MethodGet, "/usage", "", nil); a.status != http.StatusUnauthorized {
		t.Errorf("over TCP without the token: %d", a.status)
	}
}

func TestUsageSaysWhereRoutesAndClientsDoNotMeet(t *testing.T) {
	w := newWorld(t)
	holder, _ := w.create(t, `{"name":"holder","allowed_scopes":["b:write"],"owner_type":"tenant","owner_id":"42"}`)
	w.create(t, `{"name":"introspecter","allowed_scopes":["scopegate.introspect"]}`)
	const nobody authz.ClientID = "00000000-0000-4000-8000-000000000000"
	w.requirements = []authz.RouteRequirement{
		{Route: "open", Requirement: &authz.Requirement{Public: true}},
		{Route: "read", Requirement: &authz.Requirement{Scopes: authz.NewScopeSet("a:read")}},
		{Route: "listed", Requirement: &authz.Requirement{AnyScope: authz.NewScopeSet("a:read", "a:write"), Clients: map[authz.ClientID]struct{}{nobody: {}}}},
		{Route: "mine", Requirement: &authz.Requirement{Clients: map[authz.ClientID]struct{}{authz.ClientID(holder): {}}}},
	}
	want := admin.RouteUsage{
		UnaskedScopes: []admin.UnaskedScope{{Scope: "b:write", Clients: 1, InCatalogue: true}},
		UncallableRoutes: []admin.UncallableRoute{
			{Route: "read", Lacks: "scopes", Scopes: []string{"a:read"}},
			{Route: "listed", Lacks: "clients", AnyScope: []string{"a:read", "a:write"}, ClientIDs: []string{string(nobody)}},
		},
	}
	if diff := cmp.Diff(want, ask[admin.RouteUsage](t, w, "/usage/routes")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want.UncallableRoutes = nil
	for _, query := range []string{"owner_type=tenant&owner_id=42", "client_id=" + holder} {
		if diff := cmp.Diff(want, ask[admin.RouteUsage](t, w, "/usage/routes?"+query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	if got := ask[admin.RouteUsage](t, w, "/usage/routes?owner_type=tenant&owner_id=43"); len(got.UnaskedScopes) != 0 {
		t.Errorf("of an owner without clients: %+v", got)
	}
	w.call(t, http.MethodPost, "/clients/"+holder+"/revoke", "")
	if got := ask[admin.RouteUsage](t, w, "/usage/routes"); got.UnaskedScopes[0].Clients != 0 || len(got.UncallableRoutes) != 3 {
		t.Errorf("once the holder is revoked: %+v", got)
	}
	w.create(t, `{"name":"reader","allowed_scopes":["a:read"]}`)
	if got := ask[admin.RouteUsage](t, w, "/usage/routes"); got.UncallableRoutes[0].Route != "listed" {
		t.Errorf("once somebody may read: %+v", got)
	}
}
