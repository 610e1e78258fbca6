package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/gateway/config"
)

// signingKeeper holds the keys of SCOPEGATE_SIGNING_KEYS_FILE, or those in the
// data directory. The first one is made when an upstream first asks for
// assertions: a key that nobody needs is one more to lose.
func signingKeeper(w world, dir string) (*assertion.Keeper, error) {
	path, given := w.getenv("SCOPEGATE_SIGNING_KEYS_FILE")
	if given = given && path != ""; !given {
		path = filepath.Join(dir, signingKeysFile)
	}
	k := &assertion.Keeper{Now: time.Now, Save: saveSigningKeys(path)}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil && !given {
		err = os.Chmod(path, 0o600) // as it was made
	}
	if err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	keys, err := assertion.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("signing keys %s: %w", path, err)
	}
	k.Use(keys)
	return k, nil
}

// saveSigningKeys writes the keys where they were read from. A file that is not
// what is in force was changed by somebody else, whose work is not overwritten.
func saveSigningKeys(path string) func(inForce, next *assertion.Keys) error {
	return func(inForce, next *assertion.Keys) error {
		target, data, err := path, []byte(nil), error(nil)
		if inForce != nil {
			if target, err = filepath.EvalSymlinks(path); err == nil { // a link stays one
				data, err = os.ReadFile(target)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", authz.ErrKeysFixed, err)
			}
			onDisk, err := assertion.Parse(data)
			if err != nil || !bytes.Equal(onDisk.Encode(), inForce.Encode()) {
				return fmt.Errorf("%w: %s was changed since the server read it; restart the server first", authz.ErrKeysFixed, path)
			}
		}
		if err := writeDurably(target, next.Encode()); err != nil {
			return fmt.Errorf("%w: %s cannot be written; change it where it comes from and restart: %w", authz.ErrKeysFixed, path, err)
		}
		return nil
	}
}

// noteSigning writes changes of the signing keys into the control log by the
// store's clock, which its order goes by. Keys and assertions go by the
// machine's, as those who verify them do.
func (s *server) noteSigning(store *authz.Audited) func(context.Context, authz.Change) error {
	return func(ctx context.Context, ch authz.Change) error {
		ch.At = s.now().UTC().Truncate(time.Millisecond)
		return store.Note(ctx, ch)
	}
}

// readySigning makes the first signing key if a configuration needs one.
func (s *server) readySigning(cfg *config.Config) error {
	if !cfg.Asserts() {
		return nil
	}
	return s.signing.Ready(context.Background())
}
