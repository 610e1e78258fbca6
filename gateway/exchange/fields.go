package exchange

// EqualName compares two field names without case (RFC 9110 section 5.1).
func EqualName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// EqualFolded reports whether name folds to canonical: every character that
// is not a letter or digit counts as "-", and case does not count, as PHP,
// CGI, WSGI and servlet containers read names. canonical is in lower case
// with "-" for the rest.
func EqualFolded(name, canonical string) bool {
	if len(name) != len(canonical) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if FoldByte(name[i]) != canonical[i] {
			return false
		}
	}
	return true
}

// FoldByte folds one character of a field name.
func FoldByte(c byte) byte {
	c = lower(c)
	if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
		return c
	}
	return '-'
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Get returns the value of the first field with this name, and whether there is one.
func Get(fields []Field, name string) (string, bool) {
	for i := range fields {
		if EqualName(fields[i].Name, name) {
			return fields[i].Value, true
		}
	}
	return "", false
}

// Count returns how many fields have this name.
func Count(fields []Field, name string) int {
	n := 0
	for i := range fields {
		if EqualName(fields[i].Name, name) {
			n++
		}
	}
	return n
}
