// Package damage holds the tests that spoil the files of a store and open it:
// logs cut at their end, single bits flipped. Opening a damaged store is an
// error that names the restore command.
//
// They stand apart since Badger leaves goroutines behind when it fails to
// open, which the leak check of package store must not see. It refuses to know
// how the files are laid out, and holds no other code.
package damage
