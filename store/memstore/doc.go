// Package memstore is the store in memory: the verified fake of all tests that
// need a store, held to the same conformance suite as the real engine
// (store/storetest).
//
// It owns nothing on disk and forgets everything at Close. It refuses to know
// clocks: it never drops a token, however long it has expired.
package memstore
