package badgerstore

import (
	"os"
	"path/filepath"
)

// arenaPerLog bounds the memory that a log of one byte takes as a memtable:
// about two for the smallest records, twice that to be safe.
const arenaPerLog = 4

// fold moves what the write-ahead logs hold into tables, if they are of another
// memtable size than the one that is asked for now. Badger reads a log into one
// memtable and ends the process if it does not fit, so that a store which crashed
// could never be opened with less memory.
func fold(opt Options, quiet bool) error {
	largest, err := largestForeignLog(opt)
	if err != nil || largest == 0 {
		return err
	}
	e := opt.engine(quiet)
	e.MemTableSize = max(e.MemTableSize, arenaPerLog*largest)
	db, err := openEngine(e)
	if err != nil {
		return unopened(err)
	}
	return closeEngine(db)
}

// largestForeignLog returns the size of the largest log that may not fit into
// a memtable of opt; 0: there is none.
func largestForeignLog(opt Options) (int64, error) {
	logs, err := filepath.Glob(filepath.Join(opt.Dir, "*.mem"))
	if err != nil {
		return 0, err
	}
	var largest int64
	for _, path := range logs {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		// Badger makes a log twice as long as its memtable, and cuts it to what
		// it holds when it has read it.
		if size := info.Size(); size != 2*opt.memtable() && arenaPerLog*size > opt.memtable() {
			largest = max(largest, size)
		}
	}
	return largest, nil
}
