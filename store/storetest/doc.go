// Package storetest is the conformance suite of authz.Store: every engine
// passes it, so that an engine can be exchanged without a change of meaning.
//
// Run checks behaviour, RunConcurrent what must hold under many writers,
// RunDurable what must survive a reopening and a kill, RunBenchmarks measures.
// It refuses to know any engine: all it has is a function that opens one.
package storetest
