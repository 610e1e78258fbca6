package config

import (
	"fmt"
	"strings"

	"scopegate/strict"
)

// referenceHead is what no table of keys says.
const referenceHead = `# routes.yaml

<!-- Made from the tables in gateway/config by its tests with -update. Do not edit. -->

Everything that a reload changes stands in one file, ` + "`routes.yaml`" + `. It is read strictly: unknown keys, keys without a
value, empty lists, repeated keys and a second document are problems, and so is whatever the tables below do not allow.
All problems are reported at once, each with its place:

    routes.yaml:14:9: routes[2].require.scopes[0]: unknown scope "invoice.read" (did you mean "invoices.read"?)

Editors that know YAML schemas check the file while it is written, if it begins with

    # yaml-language-server: $schema=docs/routes.schema.json

## How values are written

- **Durations** as in Go: ` + "`500ms`, `30s`, `1h30m`" + `. **Sizes** in ` + "`KiB`, `MiB` or `GiB`" + `. **Rates** as ` + "`100/s`, `100/m` or `100/h`" + `.
- **Numbers** in plain decimal; **true** and **false** in just these spellings. Text that looks like something else, such
  as ` + "`\"123\"`" + `, stands in quotes.
- **Anchors and aliases** may repeat a whole value. Merge keys (` + "`<<`" + `) and tags are refused: what a route asks of its caller
  stands in the route.
- **Files** that are named here by a path that does not begin with ` + "`/`" + ` are sought where the program was started, not beside this file.
- **Variables** are expanded when the file is loaded, in URLs, header values and secrets only: ` + "`${NAME}`" + ` must be set,
  ` + "`${NAME:-default}`" + ` falls back if it is unset or empty, and in header values and secrets ` + "`${file:PATH}`" + ` is the content of a file without
  the line break at its end. What a variable holds is taken as it is, braces too, and a value that held one is printed
  as ` + "`[redacted]`" + ` wherever the configuration is shown.
- **Placeholders** in header values are filled in for each request:
  %s.
  There is no value for the principal's on a public route, nor for the owner's of a client without one; such a header is
  not sent.
- **Header names** fold before they are compared, as PHP, CGI, WSGI and servlet containers do: case does not count, and
  whatever is not a letter or digit is a ` + "`-`" + `. So ` + "`X_Principal.Client-Id`" + ` is a principal header.

`

// Reference returns docs/configuration.md: every key with its type, default,
// bounds and meaning.
func Reference() string {
	names := make([]string, len(placeholders))
	for i, p := range placeholders {
		names[i] = "`{" + string(p) + "}`"
	}
	return fmt.Sprintf(referenceHead, strings.Join(names, ", ")) + strict.Reference(configObject.Describe())
}
