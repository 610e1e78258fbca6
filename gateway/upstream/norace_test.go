//go:build !race

package upstream_test

// raceEnabled: the race detector makes sync.Pool forget at random.
const raceEnabled = false
