package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/store"
)

func resetClockCommand(w world) *cobra.Command {
	var c clockReset
	cmd := &cobra.Command{
		Use:   "reset-clock",
		Short: "Set the noted time of a stopped store back, after a clock that stood ahead; ends all tokens",
		Long: "The store notes the latest time that it has seen, and nothing is decided by an earlier one. After a clock that\n" +
			"stood far ahead nothing is issued until real time gets there. This command sets the noted time back to that of the\n" +
			"clock now. So that nothing which expired by the wrong time comes back, and nothing that was made by it lives on for\n" +
			"as long as the clock was ahead:\n\n" +
			"  - all tokens end: clients ask for new ones with the secrets that they have;\n" +
			"  - secrets that had ended by the noted time are removed;\n" +
			"  - what was left of other secrets that end is left of them now.\n\n" +
			"The server has to be stopped. Each change stands in the control log, by the actor admin:command.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), w) },
	}
	c.outputFlags.add(cmd)
	cmd.Flags().StringVar(&c.dataDir, "data-dir", "data", "the data directory")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do it without asking")
	cmd.Flags().StringVar(&c.reason, "reason", "", "why, for the control log (up to 500 characters)")
	return cmd
}

// clockReset is one run of the command.
type clockReset struct {
	outputFlags
	dataDir, reason string
	yes             bool
}

func (c *clockReset) run(ctx context.Context, w world) error {
	if err := c.check(); err != nil {
		return err
	}
	by := authz.By{Actor: "admin:command", Reason: c.reason}
	if err := by.Check(); err != nil {
		return usage("--%w", err)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	dir := filepath.Join(c.dataDir, storeDir)
	if err := c.confirm(ctx, w, dir); err != nil {
		return err
	}
	out, err := store.ResetClock(ctx, dir, authz.Change{Actor: by.Actor, Reason: by.Reason, Detail: invoker()})
	if err != nil {
		return noStore(err, c.dataDir)
	}
	return c.print(w.stdout, out, func(t *table) {
		t.row("noted", when(&out.Noted))
		t.row("set to", when(&out.SetTo))
		t.row("clients changed", out.Clients)
		t.row("tokens ended", out.Tokens)
	})
}

// invoker names who runs the command, as the system knows them.
func invoker() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("by the local user %q", u.Username)
}

// confirm says what will be done and asks, unless it need not.
func (c *clockReset) confirm(ctx context.Context, w world, dir string) error {
	if c.yes {
		return nil
	}
	if !isTerminal(w.stdin) {
		return usage("this ends all tokens: say --yes")
	}
	report, err := store.CheckDir(ctx, dir, nil)
	if err != nil {
		return noStore(err, c.dataDir)
	}
	fmt.Fprintf(w.stderr, "The noted time is %s, the clock says %s.\nAll %d tokens of %d clients will end. Go on? [yes/no] ",
		when(&report.ClockSeen), time.Now().UTC().Format(time.RFC3339), report.Tokens, report.Clients)
	answer, err := bufio.NewReader(w.stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return errors.Join(errors.New("nothing was changed"), err)
	}
	return nil
}
