package authz_test

import (
	"net/http"
	"regexp"
	"slices"
	"testing"

	"scopegate/authz"
)

func TestReasonsAreAClosedSet(t *testing.T) {
	names := authz.Reasons()
	sorted := slices.Sorted(slices.Values(names))
	if len(slices.Compact(sorted)) != len(names) {
		t.Errorf("a name stands twice: %q", names)
	}
	form := regexp.MustCompile(`^[a-z_]+$`)
	for i, name := range names {
		r := authz.Reason(i)
		if r.String() != name || !form.MatchString(name) || !form.MatchString(r.PublicError()) {
			t.Errorf("reason %d is called %q in the set, %q by itself and %q to callers", i, name, r, r.PublicError())
		}
		switch passes := r == authz.ReasonAllowed || r == authz.ReasonPublic; {
		case passes && r.Status() != 0:
			t.Errorf("%s has the status %d of its own", r, r.Status())
		case passes, r == authz.ReasonPreflight, r == authz.ReasonClientGone:
		case r.Status() < 400 || http.StatusText(r.Status()) == "" || r.Title() == "":
			t.Errorf("%s has the status %d and the title %q", r, r.Status(), r.Title())
		}
		names[i] = "spoiled"
	}
	if authz.Reasons()[0] == "spoiled" {
		t.Error("the set can be changed from outside")
	}
}

func TestAReasonUnheardOfIsAnInternalError(t *testing.T) {
	for _, r := range []authz.Reason{authz.Reason(len(authz.Reasons())), 255} {
		if r.String() != "internal" || r.Status() != 500 {
			t.Errorf("reason %d is %s with status %d", uint8(r), r, r.Status())
		}
		if d := (authz.Decision{Reason: r}); d.Allowed() {
			t.Errorf("reason %d allows", uint8(r))
		}
	}
}

// Which of many things is wrong with a token is not the caller's to know.
func TestAllThatIsWrongWithATokenLooksTheSame(t *testing.T) {
	for _, r := range []authz.Reason{
		authz.ReasonMalformedToken, authz.ReasonUnknownToken, authz.ReasonExpiredToken, authz.ReasonRevokedToken,
		authz.ReasonClientRevoked, authz.ReasonClientDisabled, authz.ReasonOtherResource,
	} {
		if r.Status() != 401 || r.PublicError() != "invalid_token" || r.Title() != authz.ReasonUnknownToken.Title() {
			t.Errorf("%s reads %d %s %q", r, r.Status(), r.PublicError(), r.Title())
		}
	}
}
