package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdCutLog: cutlog BYTES
//
// It takes so many bytes from the end of what the newest write-ahead log of the
// store holds, as a disk that lies may.
func cmdCutLog(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	logs, err := filepath.Glob(ts.MkAbs("data/store/*.mem"))
	ts.Check(err)
	if len(logs) == 0 {
		ts.Fatalf("there is no log")
	}
	newest := slices.Max(logs)
	b, err := os.ReadFile(newest)
	ts.Check(err)
	held := bytes.TrimRight(b, "\x00")
	ts.Check(os.WriteFile(newest, held[:len(held)-n], 0o600))
}
