package authz_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scopegate/authz"
)

func TestLastUsesReachTheStoreWithoutAWriteEach(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t)
	u := &authz.Uses{Store: l.store, Log: slog.New(slog.DiscardHandler)}
	for i := range 100 {
		u.Note(authz.Use{Client: c.ID, Secret: c.Secrets[0].ID, At: l.now.Add(time.Duration(i) * time.Second)})
	}
	u.Note(authz.Use{Client: c.ID, Secret: c.Secrets[0].ID, At: l.now})
	u.Flush(t.Context())
	stored, err := l.store.Client(t.Context(), c.ID)
	want := l.now.Add(99 * time.Second)
	if err != nil || !stored.LastUsedAt.Equal(want) || !stored.Secrets[0].LastUsedAt.Equal(want) || stored.Version != c.Version {
		t.Errorf("last used %s and %s, version %d, %v", stored.LastUsedAt, stored.Secrets[0].LastUsedAt, stored.Version, err)
	}
}

func TestLastUsesAreWrittenAtTheEnd(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t)
	synctest.Test(t, func(t *testing.T) {
		u := &authz.Uses{Store: l.store, Log: slog.New(slog.DiscardHandler)}
		u.Note(authz.Use{Client: c.ID, At: l.now})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { u.Run(ctx); close(done) }()
		stop()
		<-done
	})
	if stored, err := l.store.Client(t.Context(), c.ID); err != nil || !stored.LastUsedAt.Equal(l.now) {
		t.Errorf("last used %s, %v", stored.LastUsedAt, err)
	}
}

func TestMetersAreWrittenEveryHalfMinuteAndAtTheEnd(t *testing.T) {
	l := newLaw(t)
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var written []time.Duration
		begin := time.Now()
		u := &authz.Uses{
			Store: l.store, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Meters: func(ctx context.Context) error {
				if err := ctx.Err(); err != nil {
					return err // the last time comes when all else has ended
				}
				if written = append(written, time.Since(begin)); len(written) == 1 {
					return authz.ErrFull
				}
				return nil
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { u.Run(ctx); close(done) }()
		time.Sleep(70 * time.Second)
		stop()
		<-done
		want := []time.Duration{30 * time.Second, 60 * time.Second, 70 * time.Second}
		if !slices.Equal(written, want) {
			t.Errorf("written after %v, want %v", written, want)
		}
		if strings.Count(log.String(), "usage not written") != 1 {
			t.Errorf("the log says %q", log.String())
		}
	})
}
