//go:build linux

package program_test

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"scopegate/bench/program"
)

// parsed parses the flags of a benchmark that has one of its own.
func parsed(t *testing.T, args string) (proxy, load, rounds int, binary, markdown string, err error) {
	t.Helper()
	b := program.Benchmark{
		Name: "sample", ProxyCore: &proxy, LoadCore: &load, Binary: &binary,
		Flags: func(flags *flag.FlagSet) { flags.IntVar(&rounds, "rounds", 5, "rounds") },
		Check: func() error {
			if rounds < 1 {
				return errors.New("no rounds")
			}
			return nil
		},
	}
	flags := flag.NewFlagSet("sample", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	markdown, err = b.Parse(flags, strings.Fields(args))
	return proxy, load, rounds, binary, markdown, err
}

func TestABenchmarkHasItsFlagsAndThoseOfAll(t *testing.T) {
	proxy, load, rounds, binary, markdown, err := parsed(t, "")
	if err != nil || proxy != 0 || load != 1 || rounds != 5 || binary != "" || markdown != "" {
		t.Errorf("without flags: %d %d %d %q %q, %v", proxy, load, rounds, binary, markdown, err)
	}
	proxy, load, rounds, binary, markdown, err = parsed(t, "-proxy-core 3 -load-core 2 -rounds 1 -binary b -markdown m")
	if err != nil || proxy != 3 || load != 2 || rounds != 1 || binary != "b" || markdown != "m" {
		t.Errorf("with all flags: %d %d %d %q %q, %v", proxy, load, rounds, binary, markdown, err)
	}
}

func TestABenchmarkRefusesWhatItCannotMeasure(t *testing.T) {
	for args, want := range map[string]string{
		"-rounds 0":                  "no rounds",
		"-rounds 1 more":             "wrong flags",
		"-proxy-core 1":              "must differ",
		"-proxy-core 2 -load-core 2": "must differ",
		"-unknown":                   "not defined",
		"-load-core two":             "invalid value",
	} {
		if _, _, _, _, _, err := parsed(t, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", args, err, want)
		}
	}
}
