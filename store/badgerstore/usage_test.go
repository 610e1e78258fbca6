package badgerstore_test

import (
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

func use(t testing.TB, s *badgerstore.Store, usages ...authz.Usage) {
	t.Helper()
	if err := s.PutUsage(t.Context(), usages); err != nil {
		t.Fatalf("PutUsage: %v", err)
	}
}

// schema returns the layout that a store says it has.
func schema(t testing.TB, s *badgerstore.Store) string {
	t.Helper()
	dump, err := s.Dump(t.Context())
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	_, line, _ := strings.Cut(dump, "\n6d01 ")
	number, _, _ := strings.Cut(line, "\n")
	return number
}

func TestAStoreOfTheFirstLayoutGetsTheNextWithItsFirstUsage(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	register(t, s)
	if err := s.Raw(t.Context(), badgerstore.SchemaKey, []byte{0, 0, 0, 1}); err != nil {
		t.Fatalf("Raw: %v", err)
	}
	closed(t, s)
	s = openWith(t, options(dir))
	issue(t, s, sample(1, storetest.Now().Add(time.Hour)))
	if got := schema(t, s); got != "00000001" {
		t.Errorf("without a usage the layout is %s, want 1: the program before reads it still", got)
	}
	use(t, s, authz.Usage{Client: worker, Since: storetest.Now()})
	if got := schema(t, s); got != "00000002" {
		t.Errorf("with a usage the layout is %s, want 2", got)
	}
	closed(t, s)
	s = openWith(t, options(dir))
	if r, err := s.CheckAll(t.Context()); err != nil || r.Usages != 1 || r.Clients != 1 || r.Tokens != 1 {
		t.Errorf("CheckAll = %+v, %v", r, err)
	}
}

func TestCheckAllFindsUsagesThatAreDamaged(t *testing.T) {
	key, _ := badgerstore.UsageKey(worker)
	stranger, _ := badgerstore.UsageKey("ffffffff-ffff-4fff-8fff-ffffffffffff")
	for name, c := range map[string]struct {
		key, value []byte
		want       string
	}{
		"a record that is cut":        {key, []byte{1, 5}, "usage record of 2 bytes"},
		"a record with more behind":   {key, append([]byte{1}, make([]byte, 15)...), "usage record of 16 bytes"},
		"a record of another version": {key, make([]byte, 15), "usage record of 15 bytes"},
		"a key that is cut":           {key[:9], append([]byte{1}, make([]byte, 14)...), "usage key"},
		"a usage of nobody":           {stranger, append([]byte{1}, make([]byte, 14)...), "ffffffff-ffff-4fff-8fff-ffffffffffff, which is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openWith(t, options(t.TempDir()))
			register(t, s)
			if err := s.Raw(t.Context(), c.key, c.value); err != nil {
				t.Fatalf("Raw: %v", err)
			}
			if _, err := s.CheckAll(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("CheckAll = %v, want %q", err, c.want)
			}
		})
	}
}

func TestUsagesAreInTheBackup(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	use(t, s, authz.Usage{Client: worker, Since: storetest.Now(), Total: authz.Tally{Requests: 7}})
	whole, _ := backup(t, s)
	dir := t.TempDir()
	if err := badgerstore.Restore(t.Context(), strings.NewReader(string(whole)), dir, nil); err != nil {
		t.Fatalf("Restore: %v", err)
	}
	page, err := openWith(t, options(dir)).Usages(t.Context(), "", 10)
	if err != nil || len(page) != 1 || page[0].Total.Requests != 7 {
		t.Errorf("restored: %+v, %v", page, err)
	}
}
