// Package clientfile is clients.yaml as written: clients as they shall be, for
// `scopegate clients apply`, and the same form for clients that are exported.
//
// It owns the keys of the file. How a file is read, and that everything wrong
// is told at its line, is package strict's; what a declared client means for
// one that is there is authz's, which judges the file once more, against the
// catalogue and the store, before anything is written.
//
// It refuses to know sockets, the clock and the store. Secret files are read
// through a function that comes in with the file.
package clientfile
