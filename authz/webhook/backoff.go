package webhook

import (
	"math"
	"time"
)

const (
	firstWait = 5 * time.Second
	growth    = 2.5
	// longestWait is the wait after the tenth failure and all later ones.
	longestWait = 16 * time.Hour
)

// wait is how long to wait after so many failed attempts, from 1: 5 s, 12 s,
// 31 s, 78 s and so on, two and a half times as long each time, up to 16 hours.
// Eleven waits are 22 hours. spread, from 0 to 1, moves it by up to a fifth to
// either side, so that deliveries that failed together do not come together.
func wait(failures int, spread float64) time.Duration {
	grown := float64(firstWait) * math.Pow(growth, float64(failures-1))
	return time.Duration(min(grown, float64(longestWait)) * (0.8 + 0.4*spread))
}
