// Package historytest is the sequential model of a client and its tokens: what
// the product promises to callers, said in a few lines, for porcupine to judge
// recorded histories by.
//
// It owns the operations, what a caller may be told, and the step from one
// state to the next. It refuses to know how operations are made: over a store,
// or over HTTP across crashes of the process.
package historytest
