// Package config is routes.yaml as written: its types, its defaults, and a
// loader that is strict and reports everything that is wrong at once, each
// problem at its line and column.
//
// One table per type (routeObject, upstreamObject, ...) names every key with
// its kind, default and meaning. By them package strict reads a file, shows it
// as JSON, and writes the JSON Schema for editors and the reference in
// docs/configuration.md.
//
// It owns the keys of the file and what they mean together, the expansion of ${...}, and Text, which
// hides what came from the environment or a file. It refuses to know sockets,
// the clock and the process: the environment and the file system come in as
// functions. A Config is what was written; what it means at run time is built
// by package gateway.
//
// It reads YAML 1.2 (without tags and merge keys) and serves the bounds of
// RFC 6749 section 3.3 (scopes), RFC 6750 section 3 (realm), RFC 8414 section 2
// (issuer), RFC 9110 sections 5.1 and 5.5 (field names and values) and the
// Fetch standard (CORS).
package config
