// Package diff says in words who gains and who loses access when one
// routes.yaml takes the place of another.
//
// It compares what the files do, not how they are written: for every class of
// requests that the routes of both files can tell apart it asks both tables
// which route judges it. So a route that is renamed changes nothing, and a
// guarded route that is taken away, so that its paths fall to a broader one, is
// seen as what it is.
//
// It owns the words and the judgement of what widens. It refuses to know
// sockets, the clock and the store: clients that may be affected are handed in.
// In doubt a change widens.
package diff
