package authz_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"scopegate/authz"
)

func TestAddressesPermitWhatTheyListAndNothingInDisguise(t *testing.T) {
	list, err := authz.ParseAddresses([]string{"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "192.0.2.7": true, "2001:db8::1": true,
		"11.0.0.1": false, "192.0.2.8": false, "2001:db9::1": false, "::10.1.2.3": false, "": false,
	} {
		parsed, _ := netip.ParseAddr(addr)
		if got := list.Permits(parsed); got != want {
			t.Errorf("%q is permitted: %t, want %t", addr, got, want)
		}
	}
	if !authz.Addresses(nil).Permits(netip.Addr{}) {
		t.Error("no list does not permit all")
	}
	for _, bad := range []string{"", "10.0.0.1/8", "10.0.0.0/33", "example.com", "fe80::1%eth0", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1"} {
		if list, err := authz.ParseAddresses([]string{bad}); err == nil {
			t.Errorf("%q is read as %v", bad, list)
		}
	}
	if _, err := authz.ParseAddresses([]string{"10.0.0.0/8", "10.0.0.0/8"}); err == nil {
		t.Error("a range stands twice")
	}
}

func TestIssueLimitsAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]authz.IssueLimit{
		"": {}, "1/s": {N: 1, Per: time.Second}, "90/m": {N: 90, Per: time.Minute}, "1000000/h": {N: 1_000_000, Per: time.Hour},
	} {
		if got, err := authz.ParseIssueLimit(text); err != nil || got != want || got.String() != text {
			t.Errorf("%q is %v (%s), error %v", text, got, got, err)
		}
	}
	for _, bad := range []string{"0/h", "-1/h", "1000001/h", "100", "100/", "/h", "100/d", "1.5/s", "0x1/s", "01/s", "+1/s", "1/s/s"} {
		if got, err := authz.ParseIssueLimit(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

func TestATokenIsNoGoodAwayFromItsClientsAddresses(t *testing.T) {
	l := newLaw(t)
	list, err := authz.ParseAddresses([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	c, secret := l.client(t, "invoices.read")
	token := l.token(t, c.ID, secret, "").Text.Text()
	from := func(addr string) authz.Reason {
		parsed, _ := netip.ParseAddr(addr)
		d := l.issuer.Authorizer.Authorize(t.Context(), authz.Credential{Count: 1, Value: "Bearer " + token, Address: parsed},
			&authz.Requirement{Scopes: authz.NewScopeSet("invoices.read")})
		if permit := d.Permit(); permit.Valid() != (d.Reason == authz.ReasonAllowed) {
			t.Errorf("from %q: reason %s, permit valid is %t", addr, d.Reason, permit.Valid())
		}
		return d.Reason
	}
	if got := from("203.0.113.1"); got != authz.ReasonAllowed {
		t.Errorf("without a list: %s", got)
	}
	if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{Addresses: &list}, authz.By{}); err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]authz.Reason{
		"10.1.2.3": authz.ReasonAllowed, "203.0.113.1": authz.ReasonAddressNotAllowed, "": authz.ReasonAddressNotAllowed,
	} {
		if got := from(addr); got != want {
			t.Errorf("from %q: %s, want %s", addr, got, want)
		}
	}
	bad := authz.IssueLimit{N: 5}
	var field *authz.FieldError
	if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{IssueLimit: &bad}, authz.By{}); !errors.As(err, &field) || field.Field != "issue_limit" {
		t.Errorf("a limit without a period: error %v", err)
	}
}

func TestASecretFromAWrongAddressIsNoUseOfIt(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t)
	list, err := authz.ParseAddresses([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{Addresses: &list}, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	keys, err := l.issuer.Keys.Keys().WithNew("k2", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.issuer.Keys.Set(keys) // so that a use moves the secret
	moved := 0
	l.issuer.Rehash = func(context.Context, authz.ClientID, string, authz.SecretText) { moved++ }

	for _, from := range []netip.Addr{nowhere, netip.MustParseAddr("203.0.113.1")} {
		got, err := l.issuer.Authenticate(t.Context(), string(c.ID), from, secret)
		if codeOf(err) != authz.CodeInvalidClient || !errors.Is(err, authz.ErrOtherAddress) {
			t.Errorf("from %s: %v", from, err)
		}
		if got.ID != c.ID || got.Status != "" {
			t.Errorf("from %s: the client is %+v, want its id alone", from, got)
		}
	}
	if len(l.uses) != 0 || moved != 0 {
		t.Errorf("refused, and yet used %d times and moved %d times", len(l.uses), moved)
	}
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), netip.MustParseAddr("10.1.2.3"), secret); err != nil {
		t.Error(err)
	}
	if len(l.uses) != 1 || moved != 1 {
		t.Errorf("let in, and used %d times and moved %d times", len(l.uses), moved)
	}
}
