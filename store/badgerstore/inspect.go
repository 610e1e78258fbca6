package badgerstore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

// inspect looks for damage before Badger opens its files, since Badger then
// panics in goroutines of its own, deletes tables that its manifest does not
// name, and takes a block that it cannot read for one without the key.
func inspect(opt Options) error {
	manifest, err := os.Open(filepath.Join(opt.Dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		return inspectNew(opt.Dir)
	}
	if err != nil {
		return err
	}
	defer func() { _ = manifest.Close() }()
	content, _, err := badger.ReplayManifestFile(manifest, 0, opt.engine(false))
	if err != nil {
		return fmt.Errorf("%w: the file %s: %w", errDamaged, badger.ManifestFilename, err)
	}
	var damaged []error
	for _, id := range slices.Sorted(maps.Keys(content.Tables)) {
		if err := inspectTable(table.NewFilename(id, opt.Dir), content.Tables[id].Compression); err != nil && len(damaged) < maxProblems {
			damaged = append(damaged, fmt.Errorf("%w: the table %s: %w", errDamaged, filepath.Base(table.NewFilename(id, opt.Dir)), err))
		}
	}
	return errors.Join(damaged...)
}

// inspectNew refuses a directory that holds parts of a store but no manifest.
func inspectNew(dir string) error {
	for _, pattern := range []string{"*.sst", "*.mem", "*.vlog", ledgerName} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err != nil || len(found) > 0 {
			return fmt.Errorf("%w: the file %s is missing", errDamaged, badger.ManifestFilename)
		}
	}
	return nil
}

// inspectTable reads a whole table and compares its checksums.
func inspectTable(path string, compression options.CompressionType) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("cannot be read: %.120v", r)
		}
	}()
	file, err := z.OpenMmapFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	t, err := table.OpenTable(file, table.Options{ReadOnly: true, Compression: compression, BlockSize: 4096, ChkMode: options.OnTableRead})
	if err != nil {
		return err
	}
	return t.Close(-1)
}
