package live_test

import (
	"testing"
	"unsafe"

	"scopegate/store/live"
)

func TestAClientAndAFamilyAreWholeCacheLines(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("of 64-bit machines")
	}
	const line = 64
	if live.ClientBytes%line != 0 {
		t.Errorf("a client has %d bytes", live.ClientBytes)
	}
	if live.FamilyBytes != line {
		t.Errorf("a family has %d bytes, want %d", live.FamilyBytes, line)
	}
}
