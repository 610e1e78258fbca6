package main

import (
	"runtime"
	"testing"
)

func TestOneProcessorIsTakenForTwoUnlessSomebodySaysOtherwise(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []struct {
		processors int
		said       string
		want       int
	}{
		{1, "", 2},
		{1, "1", 1},
		{2, "", 2},
		{3, "", 3},
	} {
		runtime.GOMAXPROCS(c.processors)
		overlap(func(name string) (string, bool) { return c.said, name == "GOMAXPROCS" })
		if got := runtime.GOMAXPROCS(0); got != c.want {
			t.Errorf("%d processors with GOMAXPROCS=%q are taken for %d, want %d", c.processors, c.said, got, c.want)
		}
	}
}
