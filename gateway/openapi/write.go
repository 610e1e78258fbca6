package openapi

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"scopegate/authz"
)

// write returns the routes.yaml. Texts are in double quotes, in the escapes
// that Go and YAML have in common.
func (im *importer) write() []byte {
	var b bytes.Buffer
	b.WriteString("version: 1\n\nscopes:\n")
	for _, s := range slices.Sorted(maps.Keys(im.scopes)) {
		fmt.Fprintf(&b, "  %s: %s\n", strconv.Quote(string(s)), strconv.Quote(im.scopes[s]))
	}
	fmt.Fprintf(&b, "\nupstreams:\n  backend:\n    endpoints:\n      - url: %s\n\nroutes:\n", strconv.Quote(im.origin))
	for i, r := range im.routes {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "  - name: %s\n    path: %s\n    methods: [%s]\n    require:\n",
			strconv.Quote(r.name), strconv.Quote(r.pattern.String()), strings.Join(r.methods, ", "))
		writeScopes(&b, "scopes", r.demand.all)
		writeScopes(&b, "any_scope", r.demand.any)
		b.WriteString("    upstream: backend\n")
	}
	return b.Bytes()
}

func writeScopes(b *bytes.Buffer, key string, scopes *authz.ScopeSet) {
	if scopes.Len() == 0 {
		return
	}
	var quoted []string
	for _, s := range scopes.Strings() {
		quoted = append(quoted, strconv.Quote(s))
	}
	fmt.Fprintf(b, "      %s: [%s]\n", key, strings.Join(quoted, ", "))
}
