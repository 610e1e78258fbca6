package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems is how many problems one Load reports; a file of noise must not
// become an answer of megabytes.
const maxProblems = 500

// Problem is one thing that is wrong, and where.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`           // from 1
	Col     int    `json:"column"`         // from 1, in characters
	Path    string `json:"path,omitempty"` // e.g. routes[2].require.scopes[0]; empty: the whole file
	Message string `json:"message"`        // with the bad value and the accepted ones; never a secret
}

// String returns the problem in one line: FILE:LINE:COL: PATH: MESSAGE.
func (p Problem) String() string {
	where := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Col)
	if p.Path != "" {
		where += p.Path + ": "
	}
	return where + p.Message
}

// Problems is all that is wrong with a file, sorted by place. It is empty for
// a good file; Err makes an error of it only if it is not.
type Problems []Problem

// Error returns one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil if there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// sorted returns the problems by place, each once.
func (ps Problems) sorted() Problems {
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	ps = slices.Compact(ps)
	if len(ps) > maxProblems {
		last := ps[maxProblems-1]
		last.Path, last.Message = "", fmt.Sprintf("there are more than %d problems; these are the first", maxProblems-1)
		ps = append(ps[:maxProblems-1:maxProblems-1], last)
	}
	return ps
}
