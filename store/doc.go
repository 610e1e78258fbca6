// Package store is the notebook: it opens the engine that a URL names, with
// the in-memory view before it and the clock that both go by.
//
// It owns the choice of the engine and that clock, which never steps behind
// what the engine has seen. It refuses to know what is kept: engines
// (badgerstore, memstore) and view (live) speak in the nouns of authz, and
// storetest holds all of them to the contract of authz.Store.
package store
