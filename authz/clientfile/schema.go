package clientfile

import "scopegate/strict"

// Schema returns the JSON Schema (draft 2020-12) of clients.yaml for editors.
// It accepts whatever Load accepts, and refuses what can be seen without
// looking at other values and at secret files.
func Schema() ([]byte, error) {
	return strict.Schema("https://scopegate.invalid/clients.schema.json", fileObject.Describe())
}

const referenceHead = `# clients.yaml

<!-- Made from the tables in authz/clientfile by its tests with -update. Do not edit. -->

Clients as they shall be, for ` + "`scopegate clients apply`" + `; [clients.md](clients.md) says what that does. The file is read as strictly as
` + "`routes.yaml`" + `: unknown keys, keys without a value, empty lists, repeated keys and a second document are problems, and all of
them are reported at once, each with its place:

    clients.yaml:6:21: clients[0].allowed_scopes: scope "nosuch" is not in the catalogue

Nothing is expanded in it: ` + "`${`" + ` stands for itself. Durations are written as in Go (` + "`30m`" + `), numbers in plain decimal; text that looks
like something else stands in quotes. Anchors and aliases may repeat a whole value; merge keys and tags are refused.

Editors that know YAML schemas check the file while it is written, if it begins with

    # yaml-language-server: $schema=docs/clients.schema.json

`

// Reference returns docs/clients-file.md: every key with its type, default,
// bounds and meaning.
func Reference() string { return referenceHead + strict.Reference(fileObject.Describe()) }
