//go:build linux

package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
)

// Report is what a benchmark found, part by part.
type Report struct{ Parts []Part }

// Part is a table, or a list if it has no columns, with a line before it.
type Part struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// List adds a part of lines.
func (r *Report) List(title string, lines ...string) {
	p := Part{Title: title}
	for _, line := range lines {
		p.Rows = append(p.Rows, []string{line})
	}
	r.Parts = append(r.Parts, p)
}

// Table adds a part with columns.
func (r *Report) Table(title string, columns []string, rows [][]string) {
	r.Parts = append(r.Parts, Part{title, columns, rows})
}

// Text writes the report for a terminal.
func (r *Report) Text(to io.Writer) error {
	for _, p := range r.Parts {
		fmt.Fprintf(to, "\n%s\n\n", p.Title)
		w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
		if len(p.Columns) > 0 {
			fmt.Fprintln(w, strings.Join(p.Columns, "\t"))
		}
		for _, row := range p.Rows {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Markdown writes the report into a file, between the lines that begin and end
// a section of that name (see Marks) if the file has them, else as the whole
// file. An empty file name is none.
func (r *Report) Markdown(file, section string) error {
	if file == "" {
		return nil
	}
	text := r.markdown()
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	begin, end := Marks(section)
	if before, rest, ok := strings.Cut(string(old), begin); ok {
		_, after, ok := strings.Cut(rest, end)
		if !ok {
			return fmt.Errorf("%s has %q without %q", file, begin, end)
		}
		text = before + begin + "\n\n" + text + "\n" + end + after
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// Marks are the lines between which a section of a page stands.
func Marks(section string) (begin, end string) {
	return "<!-- begin " + section + " -->", "<!-- end " + section + " -->"
}

func (r *Report) markdown() string {
	var b strings.Builder
	for i, p := range r.Parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s.\n\n", p.Title)
		if len(p.Columns) == 0 {
			for _, row := range p.Rows {
				fmt.Fprintf(&b, "- %s\n", row[0])
			}
			continue
		}
		fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(p.Columns, " | "), strings.Repeat("---|", len(p.Columns)))
		for _, row := range p.Rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	return b.String()
}
