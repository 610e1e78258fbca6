// Command scopegate is the gateway and its command line: it issues OAuth 2.0
// client-credentials tokens, checks them on the way to legacy HTTP backends,
// and speaks to a running server through its admin API.
//
// The package owns main, the commands, the wiring of all other packages, the
// listeners and the files of the data directory that are not the store's. It
// is the only one that knows everybody, and holds no policy of its own.
package main
