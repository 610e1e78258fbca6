package badgerstore

import (
	"context"
	"time"
)

// Tend does now what the committer does by itself once a second, minute and
// hour.
func (s *Store) Tend(ctx context.Context, now time.Time) error {
	return s.exclusive(ctx, func() error {
		s.com.tended = tended{}
		s.tend(now)
		return nil
	})
}
