package webhook

import (
	"encoding/base64"
	"strconv"
	"strings"

	"scopegate/authz"
)

// sign returns the value of webhook-signature: a space between the keys'
// signatures, each "v1," and the base64 of an HMAC-SHA-256 of id.timestamp.body.
func sign(keys []authz.WebhookKey, id string, timestamp int64, body []byte) string {
	head := []byte(id + "." + strconv.FormatInt(timestamp, 10) + ".")
	signatures := make([]string, 0, len(keys))
	for _, k := range keys {
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(k.Sign(head, body)))
	}
	return strings.Join(signatures, " ")
}
