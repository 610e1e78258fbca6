package storetest

import (
	"testing"
	"time"

	"scopegate/authz"
)

func clientRoundTrip(t *testing.T, s authz.Store) {
	full := client(1)
	bare := authz.Client{ID: clientID(2), Name: "x", Status: authz.StatusRevoked, Generation: 1<<63 + 5}
	for _, c := range []authz.Client{full, bare} {
		stored := put(t, s, c)
		c.Version = 1
		diff(t, "stored", c, stored)
		diff(t, "read", c, get(t, s, c.ID))
	}
}

func clientValuesAreCopies(t *testing.T, s authz.Store) {
	spoil := func(c *authz.Client) {
		c.Secrets[0].ID, c.AllowedGrants[0], c.Labels["team"], c.Labels["x"] = "spoilt", "spoilt", "spoilt", "y"
		c.Addresses[0] = c.Addresses[1]
	}
	given := client(1)
	stored := put(t, s, given)
	want := stored.Clone()
	spoil(&given)
	spoil(&stored)
	diff(t, "after the caller's own were changed", want, get(t, s, want.ID))
	read := get(t, s, want.ID)
	spoil(&read)
	page, err := s.Clients(t.Context(), authz.ClientQuery{})
	if err != nil || len(page.Clients) != 1 {
		t.Fatalf("Clients = %v, %v", page, err)
	}
	spoil(&page.Clients[0])
	diff(t, "after what was read was changed", want, get(t, s, want.ID))
}

func clientIsCreatedOnce(t *testing.T, s authz.Store) {
	first := put(t, s, client(1))
	second := client(1)
	second.Name = "another"
	_, err := s.PutClient(t.Context(), second, change(authz.EventClientCreated))
	wantErr(t, "second creation", err, authz.ErrConflict)
	diff(t, "the first", first, get(t, s, first.ID))
}

func writeNeedsStoredVersion(t *testing.T, s authz.Store) {
	c := client(1)
	c.Version = 1
	_, err := s.PutClient(t.Context(), c, change(authz.EventClientUpdated))
	wantErr(t, "update of none", err, authz.ErrConflict)
	v1 := put(t, s, client(1))
	v2 := put(t, s, v1)
	if v2.Version != 2 {
		t.Errorf("version is %d after two writes", v2.Version)
	}
	for _, version := range []uint64{0, 1, 3} {
		c := v2.Clone()
		c.Version = version
		_, err := s.PutClient(t.Context(), c, change(authz.EventClientUpdated))
		wantErr(t, "update of another version", err, authz.ErrConflict)
	}
	diff(t, "stored", v2, get(t, s, v2.ID))
}

func generationNeverFalls(t *testing.T, s authz.Store) {
	c := client(1)
	c.Generation = 7
	c = put(t, s, c)
	lower := c.Clone()
	lower.Generation = 6
	_, err := s.PutClient(t.Context(), lower, change(authz.EventClientUpdated))
	wantErr(t, "lower generation", err, authz.ErrConflict)
	c.Generation = 8
	if c = put(t, s, c); c.Generation != 8 {
		t.Errorf("generation is %d, want 8", c.Generation)
	}
}

func clientNeedsUUID(t *testing.T, s authz.Store) {
	for _, id := range []authz.ClientID{"", "x", "0000000A-0000-4000-8000-000000000000", clientID(1) + "0"} {
		c := client(1)
		c.ID = id
		if _, err := s.PutClient(t.Context(), c, change(authz.EventClientCreated)); err == nil {
			t.Errorf("a client with the id %q was stored", id)
		}
		if _, err := s.Client(t.Context(), id); err == nil {
			t.Errorf("a client with the id %q was found", id)
		}
	}
}

func clientsInPages(t *testing.T, s authz.Store) {
	const n = 25
	for i := range n {
		put(t, s, client(i*7%n)) // in another order
	}
	for _, limit := range []int{1, 5, 24, 25, 26, 0} {
		next := 0
		for q := (authz.ClientQuery{Limit: limit}); ; {
			page, err := s.Clients(t.Context(), q)
			if err != nil {
				t.Fatalf("Clients: %v", err)
			}
			if limit > 0 && len(page.Clients) > limit {
				t.Errorf("%d clients on a page of %d", len(page.Clients), limit)
			}
			for _, c := range page.Clients {
				if c.ID != clientID(next) {
					t.Fatalf("limit %d: client %s stands at place %d", limit, c.ID, next)
				}
				next++
			}
			if page.Next == "" {
				break
			}
			if last := page.Clients[len(page.Clients)-1].ID; page.Next != last {
				t.Fatalf("Next is %q, want %q", page.Next, last)
			}
			q.After = page.Next
		}
		if next != n {
			t.Errorf("limit %d: %d clients, want %d", limit, next, n)
		}
	}
	page, err := s.Clients(t.Context(), authz.ClientQuery{After: "00000018"})
	if err != nil || len(page.Clients) != 1 {
		t.Errorf("after a part of an id: %d clients, %v; want 1", len(page.Clients), err)
	}
}

func clientsAreFiltered(t *testing.T, s authz.Store) {
	for i := range 6 {
		c := client(i)
		switch i {
		case 1:
			c.OwnerID = "43"
		case 2:
			c.Status = authz.StatusDisabled
		case 3:
			c.Name = "REPORTS"
		case 4:
			c.Labels = map[string]string{"team": "billing", "env": "prod"}
		case 5:
			c.OwnerType, c.OwnerID, c.Labels, c.ManagedBy = "", "", nil, ""
		}
		put(t, s, c)
	}
	cases := []struct {
		name  string
		query authz.ClientQuery
		want  []int
	}{
		{"none", authz.ClientQuery{}, []int{0, 1, 2, 3, 4, 5}},
		{"owner", authz.ClientQuery{OwnerType: "tenant", OwnerID: "43"}, []int{1}},
		{"other owner type", authz.ClientQuery{OwnerType: "team", OwnerID: "42"}, nil},
		{"status", authz.ClientQuery{Status: authz.StatusDisabled}, []int{2}},
		{"part of the name without case", authz.ClientQuery{Name: "port"}, []int{3}},
		{"name beyond ASCII", authz.ClientQuery{Name: "Ü"}, []int{0, 1, 2, 4, 5}},
		{"label", authz.ClientQuery{Labels: map[string]string{"env": "prod"}}, []int{4}},
		{"two labels", authz.ClientQuery{Labels: map[string]string{"env": "prod", "team": "sales"}}, nil},
		{"set of declared clients", authz.ClientQuery{ManagedBy: "infra/billing"}, []int{0, 1, 2, 3, 4}},
		{"other set", authz.ClientQuery{ManagedBy: "infra"}, nil},
		{"search in ids", authz.ClientQuery{Search: "00000004-0000"}, []int{4}},
		{"search in names", authz.ClientQuery{Search: "reports"}, []int{3}},
		{"search in owners", authz.ClientQuery{Search: "Tenant:43"}, []int{1}},
		{"search in labels", authz.ClientQuery{Search: "ENV=pro"}, []int{4}},
		{"search in nothing", authz.ClientQuery{Search: "spocs_abcd"}, nil},
		{"search among filters", authz.ClientQuery{Search: "billing", Status: authz.StatusDisabled}, []int{2}},
		{"two filters on pages", authz.ClientQuery{OwnerType: "tenant", OwnerID: "42", Status: authz.StatusActive, Limit: 2}, []int{0, 3, 4}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []int
			for q := c.query; ; {
				page, err := s.Clients(t.Context(), q)
				if err != nil {
					t.Fatalf("Clients: %v", err)
				}
				for _, found := range page.Clients {
					for i := range 6 {
						if found.ID == clientID(i) {
							got = append(got, i)
						}
					}
				}
				if q.After = page.Next; q.After == "" {
					break
				}
			}
			diff(t, "clients", c.want, got)
		})
	}
}

func usesMoveForward(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	early, late := Now().Add(time.Minute), Now().Add(time.Hour)
	for _, at := range []time.Time{early, late, early} {
		err := s.TouchClients(t.Context(), []authz.Use{
			{Client: c.ID, Secret: "s1", At: at},
			{Client: c.ID, At: at.Add(time.Second)},
			{Client: c.ID, Secret: "gone", At: Now()},
			{Client: clientID(99), At: at},
		})
		if err != nil {
			t.Fatalf("TouchClients: %v", err)
		}
	}
	c.LastUsedAt, c.Secrets[0].LastUsedAt = late.Add(time.Second), late
	diff(t, "after uses", c, get(t, s, c.ID))
	if seq := lastSeq(t, s); seq != 1 {
		t.Errorf("LastSeq is %d after uses, want 1", seq)
	}
	_, err := s.Client(t.Context(), clientID(99))
	wantErr(t, "a client that was only touched", err, authz.ErrNotFound)
}

func changeKeepsUses(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	at := Now().Add(time.Minute)
	if err := s.TouchClients(t.Context(), []authz.Use{{Client: c.ID, Secret: "s2", At: at}}); err != nil {
		t.Fatalf("TouchClients: %v", err)
	}
	c.Name = "changed"
	got := put(t, s, c)
	c.Version, c.LastUsedAt, c.Secrets[1].LastUsedAt = 2, at, at
	diff(t, "answer", c, got)
	diff(t, "stored", c, get(t, s, c.ID))
}
