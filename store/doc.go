// Package store opens the notebook that a URL names: an engine with the live
// view before it, and the clock that both go by.
//
// It owns the choice of the engine and nothing else. Engines (badgerstore,
// memstore) keep records, live answers checks from memory, storetest holds
// every engine to the contract of authz.Store.
package store
