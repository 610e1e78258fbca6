package main

import "github.com/spf13/cobra"

// notEmpty refuses flags that are given without a text, as by a script whose
// variable is not set: a filter that is passed over means all there is, a bound
// none.
func notEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return usage("--%s is given and empty", name)
		}
	}
	return nil
}
