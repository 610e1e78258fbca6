package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"scopegate/authz"
)

// fromEnvironment sets each flag that was not given from SCOPEGATE_<FLAG>:
// flag over environment over default. The demo has routes and a data directory
// of its own, whatever the environment says for real servers.
func fromEnvironment(cmd *cobra.Command, w world) error {
	var problems []string
	demo := cmd.Flags().Lookup("demo")
	set := func(f *pflag.Flag) {
		value, ok := w.getenv(envName(f.Name))
		if !ok || value == "" || f.Changed || !hasVariable(f) {
			return
		}
		if demo != nil && demo.Value.String() == "true" && (f.Name == "data-dir" || f.Name == "routes") {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			problems = append(problems, fmt.Sprintf("%s=%q: %v", envName(f.Name), value, err))
		}
	}
	if demo != nil {
		set(demo) // the others depend on it
	}
	cmd.Flags().VisitAll(set)
	if len(problems) > 0 {
		return usage("%s", strings.Join(problems, "\n"))
	}
	return nil
}

// nameVariables writes into the help of each flag the variable that sets it.
func nameVariables(cmd *cobra.Command) {
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if hasVariable(f) {
			f.Usage += variableNote(f.Name)
		}
	})
	for _, sub := range cmd.Commands() {
		nameVariables(sub)
	}
}

func variableNote(flag string) string { return " [" + envName(flag) + "]" }

func hasVariable(f *pflag.Flag) bool { return f.Name != "help" && f.Name != "version" }

func envName(flag string) string {
	return "SCOPEGATE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// secretFromEnvironment reads NAME, or the file that NAME_FILE names; empty
// where neither is set. Both at once are an error.
func secretFromEnvironment(w world, name string) (authz.SecretText, error) {
	value, _ := w.getenv(name)
	file, _ := w.getenv(name + "_FILE")
	switch {
	case value != "" && file != "":
		return authz.SecretText{}, usage("%s and %s_FILE are both set; use one", name, name)
	case file != "":
		data, err := os.ReadFile(file)
		if err != nil {
			return authz.SecretText{}, fmt.Errorf("read %s_FILE: %w", name, err)
		}
		value = strings.TrimSpace(string(data))
		if value == "" {
			return authz.SecretText{}, fmt.Errorf("%s_FILE: %s is empty", name, file)
		}
	}
	return authz.NewSecretText(value), nil
}
