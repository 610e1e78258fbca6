package config

import "scopegate/strict"

// MaxFileSize is the largest file that is read, in bytes.
const MaxFileSize = strict.MaxFileSize

// What is said of the file is in the words of package strict.
type (
	Environment = strict.Environment // what ${...} may refer to
	Problem     = strict.Problem
	Problems    = strict.Problems
)

// Load reads a whole file. name is what problems call it. It returns either a
// Config or all that is wrong with the file; it opens nothing but what env
// opens for it.
func Load(name string, data []byte, env Environment) (*Config, Problems) {
	c, positions, problems := strict.Read(name, data, env, configObject, checkTogether)
	if c == nil {
		return nil, problems
	}
	c.File, c.positions = name, positions
	return c, nil
}
