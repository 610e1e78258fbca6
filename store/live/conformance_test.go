package live_test

import (
	"testing"

	"scopegate/authz"
	"scopegate/store/live"
	"scopegate/store/memstore"
	"scopegate/store/storetest"
)

// viewed opens a view over an empty engine, as an engine of its own.
func viewed(t testing.TB) authz.Store {
	s, err := live.Open(t.Context(), memstore.New(), live.Options{Now: storetest.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) { storetest.Run(t, viewed) }

func TestConformanceUnderConcurrency(t *testing.T) { storetest.RunConcurrent(t, viewed) }
