package main

import (
	"bytes"

	"github.com/spf13/cobra"
)

// Main is the program, for scripts that run it in a process of its own.
func Main() { main() }

// Root is the command tree, of a world without an environment.
func Root() *cobra.Command {
	return newRoot(world{
		stdin: &bytes.Buffer{}, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{},
		getenv: func(string) (string, bool) { return "", false },
	})
}
