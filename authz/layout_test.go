package authz_test

import (
	"strings"
	"testing"
	"unsafe"

	"scopegate/authz"
)

const word = unsafe.Sizeof(uintptr(0))

const line = 64 // bytes of a cache line

func TestWhatEveryCheckReadsOfAClientIsOnOneCacheLine(t *testing.T) {
	if word != 8 {
		t.Skip("of 64-bit machines")
	}
	var c authz.LiveClient
	if end := unsafe.Offsetof(c.ID) + unsafe.Sizeof(c.ID); end > line {
		t.Errorf("it ends at byte %d, want %d at most", end, line)
	}
	if size := unsafe.Sizeof(c); size <= 112 || size > 128 {
		t.Errorf("it has %d bytes; the allocator aligns those of 113 to 128", size)
	}
}

// A status that was read from a store has letters of its own, far from the
// client's record.
func TestALiveClientSharesTheLettersOfItsStatus(t *testing.T) {
	for _, want := range []authz.Status{authz.StatusActive, authz.StatusDisabled, authz.StatusRevoked} {
		c := authz.Client{Status: authz.Status(strings.Clone(string(want)))}
		got := authz.LiveClientOf(&c).Status
		if got != want || unsafe.StringData(string(got)) != unsafe.StringData(string(want)) {
			t.Errorf("%q has letters of its own", got)
		}
	}
	if got := authz.LiveClientOf(&authz.Client{Status: "ACTIVE"}).Status; got != "ACTIVE" {
		t.Errorf("a status unheard of became %q", got)
	}
}

// A struct of more than four words goes through memory.
func TestALiveTokenTravelsInRegisters(t *testing.T) {
	if size := unsafe.Sizeof(authz.LiveToken{}); size > 4*word {
		t.Errorf("a LiveToken has %d bytes, want %d at most", size, 4*word)
	}
}
