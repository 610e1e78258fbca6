package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"scopegate/authz"
)

// The files of the data directory that are not the store's.
const (
	storeDir        = "store"
	socketFile      = "admin.sock"
	adminTokenFile  = "admin.token"
	hashKeysFile    = "hash.keys"
	signingKeysFile = "signing.keys"
)

// prepareDataDir makes the directory, for its owner only.
func prepareDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("close the data directory to others: %w", err)
	}
	return nil
}

// loadAdminToken returns the token given by the environment, or the one in
// the data directory, made at the first start: 256 random bits.
func loadAdminToken(w world, dir string) (authz.SecretText, error) {
	token, err := secretFromEnvironment(w, "SCOPEGATE_ADMIN_TOKEN")
	if err != nil {
		return authz.SecretText{}, err
	}
	if token.Text() != "" {
		if len(token.Text()) < 32 {
			return authz.SecretText{}, usage("SCOPEGATE_ADMIN_TOKEN is shorter than 32 characters; use 256 random bits, e.g. of `openssl rand -hex 32`")
		}
		return token, nil
	}
	data, err := readOrMake(filepath.Join(dir, adminTokenFile), func() ([]byte, error) {
		var random [32]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, err
		}
		return []byte(hex.EncodeToString(random[:]) + "\n"), nil
	})
	if err != nil {
		return authz.SecretText{}, err
	}
	text := strings.TrimSpace(string(data))
	if len(text) < 32 {
		return authz.SecretText{}, fmt.Errorf("%s holds no token; remove it to have a new one made", filepath.Join(dir, adminTokenFile))
	}
	return authz.NewSecretText(text), nil
}

// loadHashKeys returns the keys of SCOPEGATE_HASH_KEYS_FILE, or those in the
// data directory, made at the first start. A store that has clients needs the
// keys that it had: mayMake is false then.
func loadHashKeys(w world, dir string, mayMake bool) (*authz.HashKeys, string, error) {
	path, given := w.getenv("SCOPEGATE_HASH_KEYS_FILE")
	if given = given && path != ""; !given {
		path = filepath.Join(dir, hashKeysFile)
	}
	data, err := os.ReadFile(path)
	switch {
	case err == nil && !given:
		err = closeToOthers(path)
	case errors.Is(err, fs.ErrNotExist) && mayMake && !given:
		data, err = readOrMake(path, func() ([]byte, error) {
			keys, err := authz.NewHashKeys("k1", nil)
			if err != nil {
				return nil, err
			}
			return keys.Encode(), nil
		})
	}
	if err != nil {
		return nil, path, fmt.Errorf("hash keys (without them no client can authenticate): %w", err)
	}
	keys, err := authz.ParseHashKeys(data)
	if err != nil {
		return nil, path, fmt.Errorf("hash keys %s: %w", path, err)
	}
	return keys, path, nil
}

// closeToOthers gives a file the mode that it was made with, where it has
// another; one that cannot be changed and need not be is left alone.
func closeToOthers(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, 0o600)
}

// readOrMake reads a secret file, or makes it: 0600, written whole, and synced
// with its directory before anybody uses what it says.
func readOrMake(path string, content func() ([]byte, error)) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err == nil {
		return data, os.Chmod(path, 0o600)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	if data, err = content(); err != nil {
		return nil, fmt.Errorf("make %s: %w", filepath.Base(path), err)
	}
	if err := writeDurably(path, data); err != nil {
		return nil, fmt.Errorf("make %s: %w", filepath.Base(path), err)
	}
	return data, nil
}

// writeDurably replaces a file by a synced one of the same directory.
func writeDurably(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone by its new name after a good rename
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
