package storetest

import (
	"slices"
	"strings"
	"testing"

	"scopegate/authz"
)

func putEntries(t testing.TB, s authz.Store, namespace string, entries ...authz.Entry) {
	t.Helper()
	if err := s.PutEntries(t.Context(), namespace, entries); err != nil {
		t.Fatalf("PutEntries: %v", err)
	}
}

func entriesOf(t testing.TB, s authz.Store, namespace, prefix, after string, limit int) []authz.Entry {
	t.Helper()
	entries, err := s.Entries(t.Context(), namespace, prefix, after, limit)
	if err != nil {
		t.Fatalf("Entries: %v", err)
	}
	return entries
}

func entry(key, value string) authz.Entry { return authz.Entry{Key: key, Value: []byte(value)} }

func entriesInOrder(t *testing.T, s authz.Store) {
	putEntries(t, s, "hook:a", entry("held/2", "2"), entry("held/1", "1"), entry("place", "p"), entry("dead/3", "3"))
	putEntries(t, s, "hook:ab", entry("held/1", "of another"))
	putEntries(t, s, "hook:b", entry("held/1", "of a third"))
	putEntries(t, s, "hook:a", entry("held/1", "1 again"))
	cases := []struct {
		prefix, after string
		limit         int
		want          []authz.Entry
	}{
		{"", "", 10, []authz.Entry{entry("dead/3", "3"), entry("held/1", "1 again"), entry("held/2", "2"), entry("place", "p")}},
		{"", "", 2, []authz.Entry{entry("dead/3", "3"), entry("held/1", "1 again")}},
		{"", "held/1", 10, []authz.Entry{entry("held/2", "2"), entry("place", "p")}},
		{"held/", "", 10, []authz.Entry{entry("held/1", "1 again"), entry("held/2", "2")}},
		{"held/", "held/1", 10, []authz.Entry{entry("held/2", "2")}},
		{"held/", "a", 1, []authz.Entry{entry("held/1", "1 again")}},
		{"held/", "z", 10, nil},
		{"nothing", "", 10, nil},
		{"", "", 0, nil},
	}
	for _, c := range cases {
		diff(t, "entries "+c.prefix+" after "+c.after, c.want, entriesOf(t, s, "hook:a", c.prefix, c.after, c.limit))
	}
	if left := entriesOf(t, s, "hook:never", "", "", 10); len(left) != 0 {
		t.Errorf("a namespace that was never used holds %v", left)
	}
	if seq := lastSeq(t, s); seq != 0 {
		t.Errorf("entries made %d events", seq)
	}
}

func entriesAreTakenOut(t *testing.T, s authz.Store) {
	putEntries(t, s, "a", entry("1", "x"), entry("2", "y"))
	putEntries(t, s, "a", authz.Entry{Key: "1"}, authz.Entry{Key: "never"}, entry("3", "z"))
	diff(t, "entries", []authz.Entry{entry("2", "y"), entry("3", "z")}, entriesOf(t, s, "a", "", "", 10))
}

func entryValuesAreCopies(t *testing.T, s authz.Store) {
	given := entry("1", "x")
	putEntries(t, s, "a", given)
	given.Value[0] = '!'
	entriesOf(t, s, "a", "", "", 10)[0].Value[0] = '!'
	diff(t, "entries", []authz.Entry{entry("1", "x")}, entriesOf(t, s, "a", "", "", 10))
}

func entriesWithinBounds(t *testing.T, s authz.Store) {
	long := strings.Repeat("k", 22)
	name := strings.Repeat("d", 40)
	most := make([]authz.Entry, authz.MaxEntries)
	for i := range most {
		most[i] = authz.Entry{Key: long[:20] + string(rune('a'+i/26)) + string(rune('a'+i%26)), Value: []byte(strings.Repeat("v", authz.MaxEntryBytes/authz.MaxEntries))}
	}
	putEntries(t, s, name, most...)
	diff(t, "the most", most, entriesOf(t, s, name, "", "", 1000))
	for what, entries := range map[string][]authz.Entry{
		"too many":    append(slices.Clip(most), entry("x", "y")),
		"too large":   {entry("a", "b"), entry("x", strings.Repeat("v", authz.MaxEntryBytes))},
		"a long key":  {entry("a", "b"), entry(long+"k", "v")},
		"no key":      {entry("a", "b"), entry("", "v")},
		"a wrong key": {entry("a", "b"), entry("A", "v")},
	} {
		if err := s.PutEntries(t.Context(), "a", entries); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	for _, namespace := range []string{"", name + "d", "a/b", "A"} {
		if err := s.PutEntries(t.Context(), namespace, []authz.Entry{entry("a", "b")}); err == nil {
			t.Errorf("namespace %q: no error", namespace)
		}
		if _, err := s.Entries(t.Context(), namespace, "", "", 1); err == nil {
			t.Errorf("namespace %q: read without an error", namespace)
		}
	}
	if left := entriesOf(t, s, "a", "", "", 10); len(left) != 0 {
		t.Errorf("refused calls left %v", left)
	}
}
