package authz

import (
	"cmp"
	"sync"
)

// sideBySideWidth is how many clients are written at once, so that their writes
// share a sync.
const sideBySideWidth = 64

// sideBySide calls f for each of the list until one fails, and returns how
// many went well.
func sideBySide[T any](list []T, f func(T) error) (done int, err error) {
	var workers sync.WaitGroup
	var mu sync.Mutex
	next := 0
	for range min(sideBySideWidth, len(list)) {
		workers.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for next < len(list) && err == nil {
				one := list[next]
				next++
				mu.Unlock()
				failed := f(one)
				mu.Lock()
				if failed == nil {
					done++
				}
				err = cmp.Or(err, failed)
			}
		})
	}
	workers.Wait()
	return done, err
}
