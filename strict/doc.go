// Package strict reads YAML files strictly: what it does not know it refuses,
// and it reports everything that is wrong at once, each problem at its line and
// column.
//
// A file is described by tables. An Object names each key with its Kind,
// default and meaning; kinds are built of Scalar, Integer, List, Table, Optional
// and Checked, or are a file's own. Reading, the JSON form of what was read,
// the JSON Schema for editors and the reference all come from these tables, so
// that they cannot tell different stories.
//
// It owns the form of the files and of their problems. It refuses to know any
// file in particular, the environment and the file system: what a file may
// refer to comes in as functions.
//
// It reads YAML 1.2 without tags and merge keys.
package strict
