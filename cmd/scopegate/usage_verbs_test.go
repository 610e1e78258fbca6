package main_test

import (
	"context"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"scopegate/authz"
	"scopegate/store"
	"scopegate/store/badgerstore"
)

// cmdFetch: fetch N METHOD PATH makes N calls, with a new token for each.
func (s *session) cmdFetch(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for range n {
		s.cmdToken(ts, false, nil)
		s.cmdHTTP(ts, false, append(args[1:], "--bearer", ts.Getenv("TOKEN")))
		s.cmdStatus(ts, false, []string{"200"})
	}
}

// cmdAged: aged DURATION lets what clients used lie that much longer ago, in
// the store of a server that has ended.
func cmdAged(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), scriptPatience)
	defer cancel()
	s, err := store.Open(ctx, filepath.Join(ts.MkAbs("data"), "store"), store.Options{Memory: badgerstore.MinMemory, DiskReserve: -1})
	ts.Check(err)
	usages, err := s.Usages(ctx, "", authz.MaxUsagePage)
	ts.Check(err)
	if len(usages) == 0 {
		ts.Fatalf("no usage is kept")
	}
	for i := range usages {
		age(&usages[i], by)
	}
	ts.Check(s.PutUsage(ctx, usages))
	ts.Check(s.Close())
}

func age(u *authz.Usage, by time.Duration) {
	days := int64(by / (24 * time.Hour))
	for i := range u.Marks {
		u.Marks[i].Day -= days
	}
	times := []*time.Time{&u.Since, &u.LastUsedAt}
	for i := range u.Scopes {
		times = append(times, &u.Scopes[i].Since, &u.Scopes[i].LastUsedAt)
	}
	for _, t := range times {
		if !t.IsZero() {
			*t = t.Add(-by)
		}
	}
}
