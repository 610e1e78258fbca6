package authz

import (
	"fmt"
	"regexp"
)

// Bounds of what one PutEntries writes: it fits into one transaction beside
// the writes of others.
const (
	MaxEntries    = 100      // in one call
	MaxEntryBytes = 64 << 10 // values of one call together
)

// Entry is a record of a namespace: a named list of small records that some part
// of the program keeps in the store beside clients and tokens, such as how far
// a webhook has come.
type Entry struct {
	Key   string
	Value []byte // empty: take the entry out
}

// A namespace's name and an entry's key together are what an engine makes a key
// of, and a backup carries.
var (
	namespacePattern = regexp.MustCompile(`^[a-z0-9._:-]{1,40}$`)
	entryPattern     = regexp.MustCompile(`^[a-z0-9._:/-]{1,22}$`)
)

// CheckEntries says what is wrong with a call of PutEntries; engines call it
// so that no two of them differ.
func CheckEntries(namespace string, entries []Entry) error {
	if err := CheckNamespace(namespace); err != nil {
		return err
	}
	if len(entries) > MaxEntries {
		return fmt.Errorf("%d entries are more than the %d of one call", len(entries), MaxEntries)
	}
	size := 0
	for i := range entries {
		if !entryPattern.MatchString(entries[i].Key) {
			return fmt.Errorf("entry key %.40q: use 1 to 22 of a-z0-9._:/-", entries[i].Key)
		}
		size += len(entries[i].Value)
	}
	if size > MaxEntryBytes {
		return fmt.Errorf("entries of %d bytes are above the %d of one call", size, MaxEntryBytes)
	}
	return nil
}

// CheckNamespace says what is wrong with the name of a namespace.
func CheckNamespace(namespace string) error {
	if !namespacePattern.MatchString(namespace) {
		return fmt.Errorf("namespace %.60q: use 1 to 40 of a-z0-9._:-", namespace)
	}
	return nil
}
