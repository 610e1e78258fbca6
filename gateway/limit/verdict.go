package limit

import (
	"strconv"
	"time"

	"scopegate/gateway/exchange"
)

// Verdict says whether a request may pass a limit, and how the limit stands
// after it. The zero value refuses.
type Verdict struct {
	OK         bool
	RetryAfter time.Duration // of a refusal: when the next request may pass
	Limit      int           // requests that may pass at once, or in a quota's window; 0: no limit
	Remaining  int           // requests that may pass now
	Reset      time.Duration // until Remaining is Limit again, if nothing comes
	Window     time.Duration // in which Limit requests may pass
}

// Fields renders the verdict for the caller under the policy's name:
// RateLimit-Policy and RateLimit as structured fields
// (draft-ietf-httpapi-ratelimit-headers-10 sections 3 and 4), and Retry-After
// of a refusal in whole seconds (RFC 9110 section 10.2.3), all rounded up so
// that a caller who obeys does not come early. Fields of several policies may
// stand in one answer. A limit that is not configured has no fields.
func (v Verdict) Fields(name string) []exchange.Field {
	return v.AppendFields(nil, name)
}

// AppendFields appends what Fields returns, at the price of one allocation for
// all the values.
func (v Verdict) AppendFields(fields []exchange.Field, name string) []exchange.Field {
	var space [128]byte
	text := space[:0]
	policy, left := 0, 0 // where each ends
	if v.Limit > 0 {
		text = appendString(text, name)
		key := len(text)
		text = appendParameter(text, ";q=", int64(v.Limit))
		text = appendParameter(text, ";w=", max(seconds(v.Window), 1))
		policy = len(text)
		text = append(text, text[:key]...)
		text = appendParameter(text, ";r=", int64(v.Remaining))
		text = appendParameter(text, ";t=", seconds(v.Reset))
		left = len(text)
	}
	if !v.OK {
		text = strconv.AppendInt(text, max(seconds(v.RetryAfter), 1), 10)
	}
	values := string(text)
	if v.Limit > 0 {
		fields = append(fields, exchange.Field{Name: "RateLimit-Policy", Value: values[:policy]},
			exchange.Field{Name: "RateLimit", Value: values[policy:left]})
	}
	if !v.OK {
		fields = append(fields, exchange.Field{Name: "Retry-After", Value: values[left:]})
	}
	return fields
}

// seconds rounds up.
func seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d > time.Duration(s)*time.Second {
		s++
	}
	return max(s, 0)
}

// appendString writes a String of RFC 9651 section 3.3.3, which holds visible
// ASCII and spaces only.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '_')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func appendParameter(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(b, key...), n, 10)
}
