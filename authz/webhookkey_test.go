package authz_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"scopegate/authz"
)

// The example that the libraries of Standard Webhooks test themselves with.
func TestASignatureIsThatOfStandardWebhooks(t *testing.T) {
	key, err := authz.ParseWebhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := base64.StdEncoding.EncodeToString(key.Sign([]byte("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330."), []byte(`{"test": 2432232314}`)))
	if want := "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestAWebhookKeyIsRedactedAndItsErrorsDoNotRepeatIt(t *testing.T) {
	const text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	key, err := authz.ParseWebhookKey(text)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := json.Marshal(key)
	printed := string(all) + fmt.Sprintf("%v %+v %#v %s", key, key, key, key)
	if strings.Contains(printed, "MfKQ") || strings.Contains(printed, "31") || !strings.Contains(printed, "[redacted]") {
		t.Errorf("a key prints %s", printed)
	}
	for _, bad := range []string{
		"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_hunter2", text + "=", " " + text, text + "\n",
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23)), "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65)),
	} {
		if _, err := authz.ParseWebhookKey(bad); !errors.Is(err, authz.ErrWebhookKey) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
