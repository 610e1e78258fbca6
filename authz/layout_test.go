package authz_test

import (
	"testing"
	"unsafe"

	"scopegate/authz"
)

const word = unsafe.Sizeof(uintptr(0))

// A struct of more than four words goes through memory.
func TestALiveTokenTravelsInRegisters(t *testing.T) {
	if size := unsafe.Sizeof(authz.LiveToken{}); size > 4*word {
		t.Errorf("a LiveToken has %d bytes, want %d at most", size, 4*word)
	}
}
