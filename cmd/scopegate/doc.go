// Command scopegate is the gateway and its command line: it issues OAuth 2.0
// client-credentials tokens, checks them on the way to legacy HTTP backends,
// and speaks to a running server through its admin API.
//
// The package owns main, the commands, the wiring of all other packages, the
// listeners and the files of the data directory that are not the store's. It
// is the only one that knows everybody, and holds no policy of its own.
//
// Where what stands:
//
//   - The process: main, environment, version, progress.
//   - A server: serve and serveflags, server with the wiring, lifecycle,
//     reload, watch, notify; demo is one with all it needs.
//   - Its listeners: adminplane, clientaddress, connections, smallbodies,
//     tlsfiles.
//   - The files of its data directory: datadir, hashkeys, signingkeeper, quotas.
//   - What it does beside: changed, expiring, webhooks; linelog writes its log.
//   - The commands that speak to one: adminclient and output for all of them;
//     clients, clientslist, clientsupdate, clientsecret, clientsapply,
//     clientsexport, clientlabels, revoke; tokens; keys, signingkeys; routes,
//     routesdiff, routesexplain, routesimport; usage, usage_table; audit;
//     webhookscommand, webhookstest; status; emptyflags.
//   - The commands on a store: backup, store, storecheck, resetclock.
package main
