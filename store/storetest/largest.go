package storetest

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

// largest is a client with as much of everything as authz lets through, in
// characters that an encoding may escape.
func largest() authz.Client {
	c := client(1)
	c.Name = strings.Repeat("\u0800", authz.MaxNameLength/2) + strings.Repeat(`"`, authz.MaxNameLength/2)
	c.OwnerType, c.OwnerID = strings.Repeat("t", 128), strings.Repeat("i", 128)
	c.ManagedBy = strings.Repeat("m", 63)
	var scopes []authz.Scope
	for i := range authz.MaxScopes {
		scopes = append(scopes, authz.Scope(fmt.Sprintf("%02d", i)+strings.Repeat("<>&", authz.MaxScopeLength)[:authz.MaxScopeLength-2]))
	}
	c.AllowedScopes = authz.NewScopeSet(scopes...)
	c.Addresses, c.Labels, c.Secrets = nil, map[string]string{}, nil
	for i := range authz.MaxAddresses {
		c.Addresses = append(c.Addresses, netip.MustParsePrefix(fmt.Sprintf("2001:1db8:1111:1111:1111:1111:1111:1%03x/128", i)))
	}
	for i := range authz.MaxLabels {
		c.Labels[fmt.Sprintf("%063d", i)] = strings.Repeat("v", 63)
	}
	for i := range authz.MaxSecrets {
		hash := sha256.Sum256([]byte{byte(i)})
		c.Secrets = append(c.Secrets, authz.Secret{
			ID: fmt.Sprintf("s%d", 1<<40+i), Hash: hash, HashKeyID: strings.Repeat("k", 64), First: hash, Preview: "spocs_abcd",
			CreatedAt: Now(), ExpiresAt: Now().Add(time.Hour), LastUsedAt: Now(), Warned: 24 * time.Hour,
		})
	}
	return c
}

func largestClientIsKept(t *testing.T, s authz.Store) {
	c := largest()
	if err := c.Validate(24 * time.Hour); err != nil {
		t.Fatalf("it is larger than allowed: %v", err)
	}
	ch := change(authz.EventClientCreated)
	ch.Reason = strings.Repeat("<", authz.MaxReasonLength)
	ch.Detail = strings.Repeat(`<\"`, 8<<10/3) // authz cuts it there
	if _, err := s.PutClient(t.Context(), c, ch); err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	c.Version = 1
	diff(t, "read", c, get(t, s, c.ID))
	if events := allEvents(t, s); len(events) != 1 || events[0].Change.Reason != ch.Reason || events[0].Change.Detail != ch.Detail {
		t.Error("its event is another")
	}
}
