//go:build linux

package gate

import (
	"fmt"
	"strings"
)

// The scopes of the measurement. A route asks for Read and Write; Other is
// what the client without them has.
const (
	Read  = "bench.read"
	Write = "bench.write"
	Other = "bench.other"
)

// Routes is a routes.yaml of n guarded routes, all alike but for their path,
// before one upstream.
func Routes(upstream string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `version: 1
oauth:
  access_token_ttl: 12h
scopes:
  %s: Read what is measured
  %s: Write what is measured
  %s: Nothing that a route asks for
upstreams:
  fixed:
    endpoints:
      - url: http://%s
routes:
`, Read, Write, Other, upstream)
	for i := range n {
		fmt.Fprintf(&b, `  - name: service-%05d
    path: /services/s%05d/items/{id}
    methods: [GET, POST]
    require:
      scopes: [%s, %s]
    upstream: fixed
`, i, i, Read, Write)
	}
	return b.String()
}

// Path is a path of the route in the middle of n.
func Path(n int, id string) string { return fmt.Sprintf("/services/s%05d/items/%s", n/2, id) }
