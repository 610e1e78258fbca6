package authz_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

// granted returns a meter of a client that got its scopes at noon.
func granted(scopes ...authz.Scope) *authz.Meter {
	m := &authz.Meter{}
	m.Grant(authz.NewScopeSet(scopes...), noon)
	return m
}

// tokenAt is a token that lives for an hour from then on.
func tokenAt(at time.Time) *authz.AccessToken {
	return &authz.AccessToken{IssuedAt: at, ExpiresAt: at.Add(time.Hour)}
}

func TestWhatIsMeteredCanBeReadAndRestored(t *testing.T) {
	m := granted("a", "b", "c")
	m.Request(noon.Unix() + 5)
	m.Use("a", noon.Unix()+5)
	m.Request(noon.Unix() + 3) // ended later, began earlier
	m.Use("a", noon.Unix()+3)
	m.Use("b", noon.Unix()+3)
	m.Use("nobody's", noon.Unix()+9)
	m.Issued(tokenAt(noon))
	day := noon.Unix() / (24 * 60 * 60)
	want := authz.Usage{
		Since: noon, LastUsedAt: noon.Add(5 * time.Second), Total: authz.Tally{Requests: 2, Tokens: 1},
		Marks: [2]authz.Mark{{Day: day - 1}, {Day: day}},
		Scopes: []authz.ScopeUsage{
			{Scope: "a", Since: noon, LastUsedAt: noon.Add(5 * time.Second), Uses: 2},
			{Scope: "b", Since: noon, LastUsedAt: noon.Add(3 * time.Second), Uses: 1},
			{Scope: "c", Since: noon},
		},
	}
	kept := m.Usage(noon)
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	later := noon.Add(time.Hour)
	again := &authz.Meter{}
	again.Grant(authz.NewScopeSet("b", "c", "d"), later)
	again.Restore(&kept)
	want.Scopes = []authz.ScopeUsage{want.Scopes[1], want.Scopes[2], {Scope: "d", Since: later}}
	if diff := cmp.Diff(want, again.Usage(later)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if !again.LastUsedAt().Equal(noon.Add(5 * time.Second)) {
		t.Errorf("restored: last used %s", again.LastUsedAt())
	}
}

func TestAScopeThatIsTakenAwayIsForgotten(t *testing.T) {
	m := granted("a", "b")
	m.Use("a", noon.Unix())
	m.Use("b", noon.Unix())
	m.Grant(authz.NewScopeSet("b", "c"), noon.Add(time.Hour))
	m.Use("a", noon.Unix()) // of a request that began before
	m.Use("b", noon.Unix()+1)
	m.Grant(authz.NewScopeSet("a", "b"), noon.Add(2*time.Hour))
	want := []authz.ScopeUsage{
		{Scope: "a", Since: noon.Add(2 * time.Hour)},
		{Scope: "b", Since: noon, LastUsedAt: noon.Add(time.Second), Uses: 2},
	}
	if diff := cmp.Diff(want, m.Usage(noon).Scopes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m.Grant(nil, noon)
	m.Use("a", noon.Unix())
	if left := m.Usage(noon).Scopes; len(left) != 0 {
		t.Errorf("without a scope: %v", left)
	}
}

func TestEachOfManyScopesIsMeteredForItself(t *testing.T) {
	for _, n := range []int{1, 4, 5, 8, 9, authz.MaxScopes} {
		scopes := make([]authz.Scope, n)
		for i := range scopes {
			scopes[i] = authz.Scope(fmt.Sprintf("scope.%d", i))
		}
		m := granted(scopes...)
		for i, scope := range scopes {
			for range i + 1 {
				m.Use(scope, noon.Unix())
			}
		}
		m.Use("scope", noon.Unix())
		m.Use("scope.x", noon.Unix())
		got := map[authz.Scope]uint64{}
		for _, u := range m.Usage(noon).Scopes {
			got[u.Scope] = u.Uses
		}
		for i, scope := range scopes {
			if got[scope] != uint64(i+1) {
				t.Errorf("%s of %d scopes: %d uses, want %d", scope, n, got[scope], i+1)
			}
		}
	}
}

func TestOnlyChangesAreTaken(t *testing.T) {
	m := granted("a")
	taken := func() bool { _, ok := m.TakeChanges(noon); return ok }
	for _, step := range []struct {
		name string
		do   func()
		want bool
	}{
		{"the grant", func() {}, true},
		{"nothing", func() {}, false},
		{"the same grant", func() { m.Grant(authz.NewScopeSet("a"), noon) }, false},
		{"a request", func() { m.Request(noon.Unix()) }, true},
		{"a use in the same second", func() { m.Use("a", noon.Unix()) }, true},
		{"a token", func() { m.Issued(tokenAt(noon)) }, true},
		{"what was not written", m.Untake, true},
		{"a use of a scope that it has not", func() { m.Use("b", noon.Unix()) }, false},
		{"another grant", func() { m.Grant(authz.NewScopeSet("a", "b"), noon) }, true},
	} {
		if step.do(); taken() != step.want {
			t.Errorf("after %s: taken %t, want %t", step.name, !step.want, step.want)
		}
	}
	kept := m.Usage(noon)
	for name, c := range map[string]struct {
		scopes *authz.ScopeSet
		want   bool
	}{
		"as kept": {authz.NewScopeSet("a", "b"), false}, "with another scope": {authz.NewScopeSet("a", "b", "c"), true},
		"with fewer scopes": {authz.NewScopeSet("a"), true}, "with other scopes": {authz.NewScopeSet("a", "c"), true},
	} {
		m = &authz.Meter{}
		m.Grant(c.scopes, noon)
		m.Restore(&kept)
		if taken() != c.want {
			t.Errorf("restored %s: taken %t, want %t", name, !c.want, c.want)
		}
	}
}

func TestRecentIsTodayAndYesterday(t *testing.T) {
	m := granted()
	midnight := noon.Truncate(24 * time.Hour)
	recent := func(at time.Time) (time.Time, uint64) {
		u := m.Usage(at)
		since, tally := u.Recent()
		return since, tally.Requests
	}
	for _, step := range []struct {
		at    time.Time
		since time.Time
		want  uint64
	}{
		{noon, noon, 1}, // no earlier than counting began
		{midnight.Add(24 * time.Hour), noon, 2},
		{midnight.Add(47 * time.Hour), noon, 3},
		{midnight.Add(48 * time.Hour), midnight.Add(24 * time.Hour), 3}, // the first day is gone
		{midnight.Add(72 * time.Hour), midnight.Add(48 * time.Hour), 2},
		{midnight.Add(240 * time.Hour), midnight.Add(216 * time.Hour), 1}, // days of silence
	} {
		_, _ = m.TakeChanges(step.at) // as Uses does every half minute
		m.Request(step.at.Unix())
		since, got := recent(step.at)
		if !since.Equal(step.since) || got != step.want {
			t.Errorf("at %s: %d since %s, want %d since %s", step.at, got, since, step.want, step.since)
		}
	}
	if since, got := recent(noon); got != 1 || since.IsZero() {
		t.Errorf("a clock that stepped back: %d since %s", got, since)
	}
}

func TestWhoFetchesATokenPerCall(t *testing.T) {
	for name, c := range map[string]struct {
		tokens   int           // fetched
		every    time.Duration // of them
		requests int           // with each
		want     bool
	}{
		"a token for each call":            {100, time.Minute, 1, true},
		"tokens that it does not even use": {100, time.Second, 0, true},
		"a few tokens":                     {20, time.Minute, 1, false},
		"one more":                         {21, time.Minute, 1, true},
		"two calls with each":              {100, time.Minute, 2, false},
		"a job that calls once an hour":    {47, time.Hour, 1, false},
		"when half of its life is over":    {90, 30 * time.Minute, 1, false},
		"no token":                         {0, time.Minute, 0, false},
	} {
		m, at := granted("a"), noon
		for range c.tokens {
			m.Issued(tokenAt(at))
			for range c.requests {
				m.Request(at.Unix())
			}
			at = at.Add(c.every)
		}
		u := m.Usage(noon) // all of it in one day
		if got := u.FetchesTokenPerCall(); got != c.want {
			t.Errorf("%s: %t, want %t (%+v)", name, got, c.want, u.Total)
		}
	}
}

func TestAnEarlyTokenIsOneBeforeTheOtherHasLivedHalfOfItsLife(t *testing.T) {
	m := granted()
	for _, at := range []time.Duration{0, 29 * time.Minute, 58 * time.Minute, 2 * time.Hour} {
		m.Issued(tokenAt(noon.Add(at)))
	}
	if got := m.Usage(noon).Total; got != (authz.Tally{Tokens: 4, EarlyTokens: 2}) {
		t.Errorf("%+v, want 2 early ones of 4", got)
	}
}

func TestUnusedIsForTheWholeSpan(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		since, last time.Time
		want        bool
	}{
		"granted and never used":       {noon.Add(-30 * day), time.Time{}, true},
		"granted too short a time ago": {noon.Add(-30*day + 1), time.Time{}, false},
		"used long ago":                {noon.Add(-90 * day), noon.Add(-30 * day), true},
		"used within the span":         {noon.Add(-90 * day), noon.Add(-30*day + time.Second), false},
	} {
		u := authz.ScopeUsage{Scope: "a", Since: c.since, LastUsedAt: c.last}
		if got := u.UnusedFor(30*day, noon); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestANilMeterCountsNothing(t *testing.T) {
	var m *authz.Meter
	m.Request(1)
	m.Use("a", 1)
	m.Issued(tokenAt(noon))
	if u := m.Usage(noon); u.Total != (authz.Tally{}) || !m.LastUsedAt().IsZero() {
		t.Errorf("%+v", u)
	}
}

func TestMeteringAllocatesNothing(t *testing.T) {
	m := granted("invoices.read", "invoices.write")
	at := noon.Unix()
	if n := testing.AllocsPerRun(100, func() {
		at++
		m.Request(at)
		m.Use("invoices.write", at)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestNothingIsLostWhereManyCountAndOneTakes(t *testing.T) {
	const workers, each = 8, 2000
	m := granted("a", "b")
	var counting sync.WaitGroup
	for range workers {
		counting.Go(func() {
			for i := range each {
				m.Request(noon.Unix() + int64(i))
				m.Use("a", noon.Unix()+int64(i))
				m.Issued(tokenAt(noon))
			}
		})
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	var last authz.Usage
	take := func(i int) {
		if u, ok := m.TakeChanges(noon); ok {
			last = u
		}
		m.Grant(authz.NewScopeSet("a", authz.Scope([]string{"b", "c"}[i%2])), noon)
	}
	others.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				take(i)
			}
		}
	})
	counting.Wait()
	close(stop)
	others.Wait()
	take(0)
	take(1)
	const n = workers * each
	if last.Total.Requests != n || last.Total.Tokens != n || last.Scopes[0].Uses != n || last.LastUsedAt.Unix() != noon.Unix()+each-1 {
		t.Errorf("the last that was taken: %+v", last)
	}
}

func BenchmarkMeter(b *testing.B) {
	m, at := granted("invoices.read", "invoices.write", "reports.generate"), noon.Unix()
	b.ReportAllocs()
	for b.Loop() {
		m.Request(at)
		m.Use("invoices.write", at)
	}
}
