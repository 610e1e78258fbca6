package config

import "scopegate/strict"

// Schema returns the JSON Schema (draft 2020-12) of routes.yaml for editors. It
// accepts whatever Load accepts, and refuses what can be seen without looking
// at other values, the environment or the order of things.
func Schema() ([]byte, error) {
	return strict.Schema("https://scopegate.invalid/routes.schema.json", configObject.Describe())
}
