package gateway_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"scopegate/gateway/gatewaytest"
)

var update = flag.Bool("update", false, "write what the corpus sees in place of what it wants")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCorpusOverNetHTTP(t *testing.T) {
	gatewaytest.Corpus{Dir: "testdata", Update: *update}.RunAll(t, gatewaytest.StartHTTP)
}
