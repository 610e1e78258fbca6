package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitInvalid = 3
)

// world is what the commands see of the outside.
type world struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) (string, bool)
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], world{os.Stdin, os.Stdout, os.Stderr, os.LookupEnv}))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, w world) int {
	root := newRoot(w)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var coded *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		if coded.err != nil {
			fmt.Fprintln(w.stderr, "scopegate:", coded.err)
		}
		return coded.code
	}
	fmt.Fprintln(w.stderr, "scopegate:", err)
	return exitFailed
}

// exitError carries an exit code; a nil err was told already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// newRoot builds the whole command tree.
func newRoot(w world) *cobra.Command {
	root := &cobra.Command{
		Use:           "scopegate",
		Short:         "OAuth 2.0 client-credentials gateway for legacy HTTP backends",
		Long:          "scopegate registers machine clients, issues OAuth 2.0 client-credentials tokens, checks them\nand the scopes that routes.yaml asks for, and forwards to legacy HTTP backends.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd, w); err != nil {
				return err
			}
			if err := cmd.ValidateRequiredFlags(); err != nil {
				return usage("%w\nSee '%s --help'.", err, cmd.CommandPath())
			}
			return nil
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w\nSee '%s --help'.", err, cmd.CommandPath())
	})
	root.AddCommand(commands(w)...)
	root.InitDefaultCompletionCmd() // now, so that markUsage sees it
	markUsage(root)
	nameVariables(root)
	return root
}

// commands are all commands, in the order of the help text.
func commands(w world) []*cobra.Command {
	return []*cobra.Command{
		serveCommand(w), validateCommand(w), routesCommand(w), clientsCommand(w), tokensCommand(w), keysCommand(w), signingKeysCommand(w),
		usageCommand(w), auditCommand(w), webhooksCommand(w), reloadCommand(w), statusCommand(w), healthcheckCommand(w), backupCommand(w),
		restoreCommand(w), storeCommand(w), versionCommand(w),
	}
}

// markUsage makes a wrong number of arguments a usage error.
func markUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err != nil && !cmd.HasSubCommands() && strings.HasPrefix(err.Error(), "unknown command") { // cobra's word for any argument
				err = fmt.Errorf("%s takes flags only, not %.60q", cmd.CommandPath(), args[0])
			}
			if err != nil {
				return usage("%w\nSee '%s --help'.", err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		markUsage(sub)
	}
}
