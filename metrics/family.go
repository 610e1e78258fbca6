package metrics

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// family is the series that one owner (a route, a client, an upstream) has in
// one counter. Each is made on its first use and found without a lock from
// then on: an owner meets few of the label values that it might.
type family struct {
	vec    *prometheus.CounterVec
	labels func(key uint32) []string
	series atomic.Pointer[map[uint32]prometheus.Counter]

	mu   sync.Mutex
	lost prometheus.Counter // takes the counts of an owner that is gone
}

func newFamily(vec *prometheus.CounterVec, labels func(key uint32) []string) *family {
	f := &family{vec: vec, labels: labels}
	f.series.Store(&map[uint32]prometheus.Counter{})
	return f
}

func (f *family) inc(key uint32) {
	if c, ok := (*f.series.Load())[key]; ok {
		c.Inc()
		return
	}
	f.first(key).Inc()
}

func (f *family) first(key uint32) prometheus.Counter {
	f.mu.Lock()
	defer f.mu.Unlock()
	series := *f.series.Load()
	if c, ok := series[key]; ok {
		return c
	}
	if f.lost != nil {
		return f.lost
	}
	c := f.vec.WithLabelValues(f.labels(key)...)
	series = maps.Clone(series)
	series[key] = c
	f.series.Store(&series)
	return c
}

// remove takes the series out of the registry for good: requests that still
// run with the owner count into nothing and cannot bring a series back.
func (f *family) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range *f.series.Load() {
		f.vec.DeleteLabelValues(f.labels(key)...)
	}
	f.lost = prometheus.NewCounter(prometheus.CounterOpts{Name: "lost"})
}
