package memstore_test

import (
	"errors"
	"testing"

	"scopegate/authz"
	"scopegate/store/memstore"
	"scopegate/store/storetest"
)

func open(testing.TB) authz.Store { return memstore.New() }

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func TestConformanceUnderConcurrency(t *testing.T) { storetest.RunConcurrent(t, open) }

func BenchmarkStore(b *testing.B) { storetest.RunBenchmarks(b, open) }

func TestFailAnswersWithTheGivenErrors(t *testing.T) {
	s := memstore.New()
	s.Fail(nil, authz.ErrFull)
	if err := s.Check(t.Context()); !errors.Is(err, authz.ErrFull) {
		t.Errorf("Check = %v, want ErrFull", err)
	}
	if _, err := s.LastSeq(t.Context()); err != nil {
		t.Errorf("LastSeq = %v while only writes fail", err)
	}
	s.Fail(authz.ErrUnavailable, nil)
	if _, err := s.LastSeq(t.Context()); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("LastSeq = %v, want ErrUnavailable", err)
	}
	s.Fail(nil, nil)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check = %v after the failure ended", err)
	}
}
