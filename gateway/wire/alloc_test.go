//go:build !race

package wire_test

import "testing"

// TestAnExchangeAllocatesNothing counts both ends of a connection. The race
// detector makes pools forget, so it is left out there.
func TestAnExchangeAllocatesNothing(t *testing.T) {
	for name, request := range map[string]string{"get": plainRequest, "post": smallPost} {
		addr, _ := start(t, constant())
		exchange := exchanger(t, addr, request)
		if n := testing.AllocsPerRun(2000, exchange); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
