// Package house guards the form of the source: which package may import
// which, where a third-party name may live, and what every file must look
// like. It has tests and no other code.
//
// It owns the rules that a compiler does not keep and that a reviewer forgets.
// It refuses to know what the product does: it reads source text with
// go/parser and runs nothing. Each rule carries the sentence that says why it
// is there.
package house
