package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"scopegate/gateway/openapi"
)

// routesImport makes a routes file of an OpenAPI document.
func routesImport(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "import OPENAPI",
		Short: "Make a routes file of an OpenAPI 3 document; exit 1 if a part of it is undecided",
		Long: "Make a routes file of an OpenAPI 3 document in YAML or JSON, on stdout: its paths, methods, and the scopes of its\n" +
			"oauth2 security requirements with the clientCredentials flow. What cannot be decided is told on stderr with line\n" +
			"and column, and left out: an operation without security becomes a problem and never an open route.",
		Example: "  scopegate routes import openapi.yaml > routes.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			routes, problems := openapi.Import(args[0], data)
			if _, err := w.stdout.Write(routes); err != nil {
				return err
			}
			if len(problems) > 0 {
				fmt.Fprintln(w.stderr, problems.Error())
				return &exitError{exitFailed, nil}
			}
			return nil
		},
	}
}
