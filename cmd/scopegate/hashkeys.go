package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"scopegate/authz"
)

// saveHashKeys writes the keys where they were read from. A file that is not
// what is in force was changed by somebody else, whose work is not overwritten.
func saveHashKeys(path string) func(inForce, next *authz.HashKeys) error {
	return func(inForce, next *authz.HashKeys) error {
		target, err := filepath.EvalSymlinks(path) // a link stays one
		if err != nil {
			return fmt.Errorf("%w: %w", authz.ErrKeysFixed, err)
		}
		data, err := os.ReadFile(target)
		if err != nil {
			return fmt.Errorf("%w: %w", authz.ErrKeysFixed, err)
		}
		onDisk, err := authz.ParseHashKeys(data)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", authz.ErrKeysFixed, path, err)
		}
		if !bytes.Equal(onDisk.Encode(), inForce.Encode()) {
			return fmt.Errorf("%w: %s was changed since the server read it; restart the server first", authz.ErrKeysFixed, path)
		}
		if err := writeDurably(target, next.Encode()); err != nil {
			return fmt.Errorf("%w: %s cannot be written; change it where it comes from and restart: %w", authz.ErrKeysFixed, path, err)
		}
		return nil
	}
}
