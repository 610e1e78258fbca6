package wire

import "time"

// watchEvery is how often a watched connection is asked whether its caller is
// still there. A watch begins only when an upstream takes long, so that the
// common request pays nothing for it.
const watchEvery = 200 * time.Millisecond

// Watch implements exchange.Answer. The socket itself is being waited for by
// the connection's goroutine, so the watch asks the kernel for a hang-up
// without reading. A caller that closed its sending side counts as gone, as
// with net/http.
func (a *answer) Watch() <-chan struct{} {
	if a.watch != nil {
		return a.watch
	}
	gone, stop := make(chan struct{}), make(chan struct{})
	a.watch, a.watchStop = gone, stop
	raw := a.c.raw
	a.c.f.running.Go(func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop: // before its first look
				return
			default:
			}
			left := true
			err := raw.Control(func(fd uintptr) { left = hungUp(int(fd)) })
			if err != nil || left {
				close(gone)
				return
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	})
	return gone
}

// stopWatch ends the watch with its exchange.
func (a *answer) stopWatch() {
	if a.watchStop != nil {
		close(a.watchStop)
		a.watchStop = nil
	}
}
