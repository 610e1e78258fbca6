package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"scopegate/store"
)

func backupCommand(w world) *cobra.Command {
	var f adminFlags
	var to string
	cmd := &cobra.Command{
		Use:   "backup --to FILE|-",
		Short: "Copy the running server's store, consistent and checksummed",
		Long: "Copy the running server's store to a file or to standard output. The copy holds no usable\n" +
			"credential: of secrets it has HMACs, of tokens hashes. Keep hash.keys apart: a restored store needs it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.client(w)
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			body, err := c.open(ctx, "GET", "/admin/v1/backup", nil)
			if err != nil {
				return err
			}
			defer body.Close()
			progress := newProgress(w.stderr, "backup")
			in := io.TeeReader(body, progress)
			if to == "-" {
				err = copyVerified(w.stdout, in)
			} else {
				err = writeBackup(to, in)
			}
			progress.done(err)
			return err
		},
	}
	f.add(cmd)
	if t := cmd.Flags().Lookup("timeout"); t != nil {
		t.DefValue, t.Usage = "0s", "how long it may take (0s: as long as it takes)"
		f.timeout = 0
	}
	cmd.Flags().StringVar(&to, "to", "", "the file to write, or - for standard output")
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

// writeBackup writes a file that is there whole or not at all.
func writeBackup(path string, in io.Reader) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := copyVerified(f, in); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// copyVerified copies a backup and fails unless it is whole.
func copyVerified(out io.Writer, in io.Reader) error {
	if _, err := store.VerifyBackup(io.TeeReader(in, out)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func restoreCommand(w world) *cobra.Command {
	var from, dataDir string
	cmd := &cobra.Command{
		Use:   "restore --from FILE|- --data-dir DIR",
		Short: "Make a store of a backup, in a data directory that has none",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, in := cmd.Context(), w.stdin
			if from != "-" {
				f, err := os.Open(from)
				if err != nil {
					return fmt.Errorf("restore: %w", err)
				}
				defer func() { _ = f.Close() }()
				in = f
				var stop func()
				ctx, stop = interruptible(ctx) // what waits for a pipe is better killed
				defer stop()
			}
			return restore(ctx, w, in, dataDir)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the backup, or - for standard input")
	cmd.Flags().StringVar(&dataDir, "data-dir", "data", "the data directory; its store must be empty")
	_ = cmd.MarkFlagRequired("from")
	return cmd
}

func restore(ctx context.Context, w world, in io.Reader, dataDir string) error {
	if err := prepareDataDir(dataDir); err != nil {
		return err
	}
	reading, verifying := newProgress(w.stderr, "restore"), newRecordProgress(w.stderr, "verify")
	err := store.Restore(ctx, in, filepath.Join(dataDir, storeDir), func(bytes, records int64) {
		reading.at(bytes)
		verifying.at(records)
	})
	verifying.done(err)
	if err != nil {
		return err
	}
	fmt.Fprintln(w.stderr, "The store is restored: as it was when it was backed up, so what was revoked since lives again.")
	if _, err := os.Stat(filepath.Join(dataDir, hashKeysFile)); err != nil {
		fmt.Fprintf(w.stderr, "Put the %s that belong to it into %s before you start: without it no client can authenticate.\n", hashKeysFile, dataDir)
	}
	return nil
}
