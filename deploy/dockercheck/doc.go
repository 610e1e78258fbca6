// Package dockercheck checks the Dockerfile as `docker build --check` does,
// without an engine, and holds it to what the product promises of its image.
// It has tests and no other code.
//
// It is a module of its own: BuildKit's parser and linter bring requirements
// that would raise versions in the product's go.mod.
package dockercheck
