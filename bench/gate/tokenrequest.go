//go:build linux

package gate

import "fmt"

// TokenRequest is a request for a token, the credentials in the form (RFC 6749
// section 2.3.1).
func TokenRequest(c Client) []byte {
	form := "grant_type=client_credentials&client_id=" + c.ID + "&client_secret=" + c.Secret
	return fmt.Appendf(nil, "POST /oauth/token HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bench\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
}
