package main_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	main "scopegate/cmd/scopegate"
)

var update = flag.Bool("update", false, "write docs/cli.md anew")

const cliDoc = "../../docs/cli.md"

const cliIntro = `# Command line

Each flag can be given by the environment as ` + "`SCOPEGATE_<FLAG>`" + `, in capitals and with ` + "`_`" + ` for ` + "`-`" + `: flag over environment
over default. Data goes to standard output, words to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
3 an invalid routes or clients file.

Secrets never stand in flags: ` + "`SCOPEGATE_ADMIN_TOKEN`" + ` and ` + "`SCOPEGATE_ADMIN_TOKEN_FILE`" + ` give the admin token,
` + "`SCOPEGATE_HASH_KEYS_FILE`" + ` the file of hash keys, ` + "`SCOPEGATE_SIGNING_KEYS_FILE`" + ` the one of signing keys.
[operating.md](operating.md) says what else is in the data directory, and how commands find the server.

This page is written by ` + "`go test ./cmd/scopegate -update`" + `.
`

func TestTheCommandLinesPageIsThatOfTheCommands(t *testing.T) {
	var b strings.Builder
	b.WriteString(cliIntro)
	describe(&b, main.Root())
	if *update {
		if err := os.WriteFile(cliDoc, []byte(b.String()), 0o644); err != nil { // a page for everybody
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(cliDoc)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("docs/cli.md is not of this command line; write it anew with -update:\n%s", d)
	}
}

// describe writes a command's section and those of its subcommands.
func describe(b *strings.Builder, cmd *cobra.Command) {
	if cmd.HasParent() && cmd.Name() != "help" {
		fmt.Fprintf(b, "\n## %s\n\n%s.\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, "."))
		if cmd.Long != "" && !cmd.HasSubCommands() && cmd.Parent().Name() != "completion" {
			fmt.Fprintf(b, "\n%s\n", strings.ReplaceAll(cmd.Long, "\n  ", "\n    ")) // Markdown's form of text as it stands
		}
		if cmd.Runnable() && !cmd.HasSubCommands() {
			fmt.Fprintf(b, "\n```\n%s\n```\n", cmd.UseLine())
		}
		if cmd.Example != "" {
			fmt.Fprintf(b, "\nFor example:\n\n```\n%s\n```\n", cmd.Example)
		}
		describeFlags(b, cmd)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			describe(b, sub)
		}
	}
}

func describeFlags(b *strings.Builder, cmd *cobra.Command) {
	rows := 0
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		if rows == 0 {
			b.WriteString("\n| flag | default | what it does |\n|---|---|---|\n")
		}
		rows++
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value := f.DefValue
		if value == "" || value == "[]" {
			value = " "
		} else {
			value = " `" + value + "` "
		}
		fmt.Fprintf(b, "| `%s` |%s| %s |\n", name, value, strings.ReplaceAll(withoutVariable(f.Usage), "|", `\|`))
	})
}

// withoutVariable leaves out what the page's head says of all flags.
func withoutVariable(usage string) string {
	text, _, _ := strings.Cut(usage, " [SCOPEGATE_")
	return text
}
