package metrics

import (
	"net/http"
	"strconv"
)

// other is the label value of all that lies outside a closed set.
const other = "other"

// NoRoute is the route label of requests that match no route.
const NoRoute = "none"

// The closed sets that no configuration changes.
var (
	methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
	results = []string{
		"issued", "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "invalid_target", "server_error", "temporarily_unavailable", "store_full", "rate_limited",
	}
	causes = []string{"client", "admin", "client_revoked", "client_disabled", "client_tokens"}
	limits = []string{
		"concurrency", "client_concurrency", "client_rate", "address_rate", "route_rate", "route_client_rate",
		"route_concurrency", "route_client_concurrency", "quota",
	}
	fronts        = []string{"wire", "http", "admin"}
	defaultGrants = []string{"client_credentials"}
)

// set is a closed set of label values; each has an index, and the last index
// is that of "other".
type set struct {
	index  map[string]uint16
	values []string
}

func newSet(values []string) *set {
	s := &set{index: make(map[string]uint16, len(values)+1)}
	for _, v := range values {
		if _, known := s.index[v]; known || v == other {
			continue
		}
		s.index[v] = uint16(len(s.values))
		s.values = append(s.values, v)
	}
	s.index[other] = uint16(len(s.values))
	s.values = append(s.values, other)
	return s
}

// of returns the index of value, or that of "other".
func (s *set) of(value string) int {
	if i, ok := s.index[value]; ok {
		return int(i)
	}
	return len(s.values) - 1
}

// members are the names as a set.
func members(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// maxCode bounds status codes (RFC 9110 section 15: 100 to 599).
const maxCode = 600

// codeSet maps a status code to its label: itself if it is registered or 499,
// else its class ("5xx"), else "other". An upstream that answers with any
// number that it likes makes no series of its own.
type codeSet struct {
	index  [maxCode]uint8
	values []string
}

func newCodeSet() *codeSet {
	c := &codeSet{values: []string{other}}
	for class := 1; class <= 5; class++ {
		unregistered := uint8(len(c.values))
		c.values = append(c.values, strconv.Itoa(class)+"xx")
		for code := class * 100; code < class*100+100; code++ {
			c.index[code] = unregistered
			if code == 499 || http.StatusText(code) != "" {
				c.index[code] = uint8(len(c.values))
				c.values = append(c.values, strconv.Itoa(code))
			}
		}
	}
	return c
}

func (c *codeSet) of(code int) int {
	if code < 0 || code >= maxCode {
		return 0
	}
	return int(c.index[code])
}
