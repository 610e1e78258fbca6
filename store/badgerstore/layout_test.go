package badgerstore_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// TestLayoutOnDisk pins every byte of what is stored. A difference means that
// stores of earlier versions cannot be read: it needs a new layout version and
// a way from the old one.
func TestLayoutOnDisk(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	tok := sample(0xab, storetest.Now().Add(time.Hour))
	tok.Resources = []string{"https://a"}
	issue(t, s, tok)
	revoke(t, s, tok)
	var longScopes []authz.Scope // too long to be shared: they travel in the token
	for _, letter := range "abcdef" {
		longScopes = append(longScopes, authz.Scope(strings.Repeat(string(letter), 180)))
	}
	long := sample(0xcd, storetest.Now().Add(time.Hour))
	long.Generation, long.Scopes = 300, authz.NewScopeSet(longScopes...)
	issue(t, s, long)
	use(t, s, authz.Usage{
		Client: worker, Since: storetest.Now(), LastUsedAt: storetest.Now().Add(time.Second), Total: authz.Tally{Requests: 300, Tokens: 3, EarlyTokens: 1},
		Marks:  [2]authz.Mark{{Day: 20525}, {Day: 20526, Then: authz.Tally{Requests: 2}}},
		Scopes: []authz.ScopeUsage{{Scope: "invoices.read", Since: storetest.Now(), LastUsedAt: storetest.Now(), Uses: 7}, {Scope: "x", Since: storetest.Now()}},
	})
	if err := s.Tend(t.Context(), storetest.Now()); err != nil {
		t.Fatalf("Tend: %v", err)
	}
	if err := s.PutEntries(t.Context(), "hook:crm", []authz.Entry{{Key: "place", Value: []byte(`{"after":2}`)}}); err != nil {
		t.Fatalf("PutEntries: %v", err)
	}
	got, err := s.Dump(t.Context())
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	for _, scope := range longScopes {
		got = strings.ReplaceAll(got, hex.EncodeToString([]byte(scope)), string("("+scope[:1]+")"))
	}
	const hash = "000000000000000000000000000000000000000000000000000000000000ff"
	want := strings.Join([]string{
		`6300112233445546778899aabbccddeeff 01{"name":"Data Sync Worker","grants":["client_credentials"],"scopes":"invoices.read","confidential":true,"status":"active","created_at":"2026-03-14T09:26:53Z","secrets":[{"id":"s1","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","hash_key_id":"k1","preview":"spocs_abcd","created_at":"2026-03-14T09:26:53Z"}],"generation":1,"version":1}`,
		`6408686f6f6b3a63726d706c616365 01{"after":2}`,
		`650000000000000001 01{"kind":"client.created","at":"2026-03-14T09:26:53Z","actor":"admin:socket","client_id":"00112233-4455-4677-8899-aabbccddeeff","generation":1}`,
		`650000000000000002 01{"kind":"token.revoked","at":"2026-03-14T09:26:53Z","actor":"system","client_id":"00112233-4455-4677-8899-aabbccddeeff","generation":1,"hour":492634,"hash":"qwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=","expires_at":"2026-03-14T10:26:53Z"}`,
		`6d01 00000002`,
		`6d02 000000000000000100000000000000020000000000000001`,
		`6d03 0000000069b529dd`,
		`720007845aab` + hash + ` 010000000000000002`,
		`7300000001 0112636c69656e745f63726564656e7469616c730d696e766f696365732e72656164010968747470733a2f2f61`,
		`740007845aab` + hash + ` 0100112233445546778899aabbccddeeff69b529dd064d0101`,
		`740007845acd` + hash + ` 0200112233445546778899aabbccddeeff69b529dd064dac020112636c69656e745f63726564656e7469616c73bd08(a)20(b)20(c)20(d)20(e)20(f)00`,
		`7500112233445546778899aabbccddeeff 01ddd3d4cd06ded3d4cd06ac020301ada001000000aea001020000020d696e766f696365732e72656164ddd3d4cd06ddd3d4cd06070178ddd3d4cd060000`,
		``,
	}, "\n")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("layout (-want +got):\n%s", d)
	}
}

func TestKeysSortAsWhatTheyName(t *testing.T) {
	keys := [][]byte{
		badgerstore.EntryKey("a", "b"), badgerstore.EntryKey("a", "c"), badgerstore.EntryKey("b", "a"), badgerstore.EntryKey("aa", ""),
		badgerstore.EventKey(1), badgerstore.EventKey(255), badgerstore.EventKey(256), badgerstore.EventKey(1 << 40),
		badgerstore.RevokeKey(authz.TokenKey{Hour: 1 << 20}),
		badgerstore.TokenKey(authz.TokenKey{Hour: 1}), badgerstore.TokenKey(authz.TokenKey{Hour: 256}), badgerstore.TokenKey(authz.TokenKey{Hour: 1 << 31}),
	}
	if !slices.IsSortedFunc(keys, bytes.Compare) {
		t.Errorf("keys are out of order: %x", keys)
	}
}

func TestTokenRecordIsCompact(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	issue(t, s, sample(1, storetest.Now().Add(time.Hour)))
	dump, err := s.Dump(t.Context())
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(dump), "\n")
	_, value, _ := strings.Cut(lines[len(lines)-1], " ")
	if n := len(value) / 2; n > 44 {
		t.Errorf("a token takes %d bytes, at most 44 wanted", n)
	}
}

func FuzzKeys(f *testing.F) {
	id, _ := badgerstore.ClientKey(worker)
	for _, seed := range [][]byte{nil, id, badgerstore.EntryKey("hook:crm", "place"), []byte("d\xff"), badgerstore.EventKey(7), badgerstore.TokenKey(sample(1, storetest.Now()).Key), badgerstore.RevokeKey(authz.TokenKey{}), append([]byte("u"), id[1:]...), []byte("s\x00\x00\x00\x01"), []byte("c")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if wrong := badgerstore.ParseKeys(b); wrong != nil {
			t.Errorf("%x changed as a key of %v", b, wrong)
		}
	})
}

func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"", "\x01", "\x01{}", `{"name":"x"}`, "\x01" + `{"name":"x","status":"active","scopes":"a b","version":3,"generation":2}`,
		"\x01" + `{"kind":"token.revoked","hour":7,"hash":"qwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8="}`,
		"\x010011223344556677abcd\x06\x4d\x01\x01", "\x010011223344556677abcd\xff\xff\x01\x01",
		"\x020011223344556677abcd\x06\x4d\x01\x01\x02cc\x01a\x01\x01b", "\x01\x02cc\x01a\x00", "\x01\x02cc\x01a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"\x01\x00\x00\x00\x00\x00\x00\x00\x07", strings.Repeat("\x00", 24),
		"\x01" + strings.Repeat("\x00", 14), "\x01" + strings.Repeat("\x07", 13) + "\x02\x01a\x01\x02\x03\x01b\x04\x00\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if wrong := badgerstore.ParseRecords(b); wrong != nil {
			t.Errorf("%x changed as a record of %v", b, wrong)
		}
	})
}
