package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"scopegate/store"
)

func storeCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "store", Short: "Look after the store of a data directory"}
	cmd.AddCommand(storeCheckCommand(w), resetClockCommand(w))
	return onlySubcommands(cmd)
}

func storeCheckCommand(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read all of a store and report what is in it, and what is wrong with it",
		Long: "Read all of a store: the checksums of its files, every record, whether the control log is contiguous and\n" +
			"as long as the ledger says, and whether the hash keys that its secrets need are there. Exit 0: all is well; 1: not,\n" +
			"or it could not be checked.\n\n" +
			"The store of a stopped server is checked where it is and not changed. That of a running server is checked by\n" +
			"the server, which goes on serving.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.outputFlags.check(); err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			out, err := r.checkStore(ctx, w)
			if err != nil {
				return err
			}
			if err := r.print(w.stdout, out, out.table); err != nil {
				return err
			}
			return out.err()
		},
	}
	r.add(cmd)
	if t := cmd.Flags().Lookup("timeout"); t != nil {
		t.DefValue, t.Usage = "0s", "how long a running server may take (0s: as long as it takes)"
		r.timeout = 0
	}
	cmd.Flags().Lookup("data-dir").Usage = "the data directory"
	return cmd
}

// checkStore checks the directory, or lets the server that has it do so. The
// error says that it could not be checked.
func (r *remote) checkStore(ctx context.Context, w world) (*storeCheck, error) {
	dir := filepath.Join(r.dataDir, storeDir)
	if r.adminURL == "" {
		out, err := checkStopped(ctx, w, r.dataDir, dir)
		switch {
		case !errors.Is(err, store.ErrInUse):
			return out, noStore(err, r.dataDir)
		}
		fmt.Fprintln(w.stderr, "A server has the store open; it is checking it.")
	}
	out := &storeCheck{}
	if err := r.ask(ctx, w, http.MethodGet, "/admin/v1/store/check", nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// noStore says it in the command line's words that there is no store.
func noStore(err error, dataDir string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no store in %s; --data-dir tells where it is", dataDir)
	}
	return err
}

func checkStopped(ctx context.Context, w world, dataDir, dir string) (*storeCheck, error) {
	progress := newRecordProgress(w.stderr, "check")
	report, err := store.CheckDir(ctx, dir, progress.at)
	progress.done(err)
	if err != nil && len(report.Problems) == 0 {
		return nil, err
	}
	// What is damaged stands in the report from here on.
	// The keys are looked at here, not by the engine, which knows no files of others.
	keys, file, keysErr := loadHashKeys(w, dataDir, false)
	out := newStoreCheck(&report, keys, file)
	if keysErr != nil && len(report.HashKeys) > 0 {
		out.add(keysErr.Error())
	}
	return out, nil
}

// checkStore is the admin API's.
func (s *server) checkStore(ctx context.Context) (any, error) {
	report, err := s.store.CheckAll(ctx)
	if err != nil && len(report.Problems) == 0 {
		return nil, err
	}
	return newStoreCheck(&report, s.keys.Keys(), "the server's hash keys"), nil
}
