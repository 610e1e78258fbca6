// Package stricttest holds what the tests of our YAML files share: the JSON
// Schema judged as an editor judges it, by a validator of others, and the
// generated pages compared with those that are checked in.
//
// It refuses to know any file in particular: schema and page come in from the
// package that reads the file.
package stricttest
