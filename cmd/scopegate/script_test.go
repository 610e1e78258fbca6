package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	main "scopegate/cmd/scopegate"
)

// scriptPatience bounds every wait of a script. It is long, since a loaded machine
// under the race detector is slow, and since only a failure waits for its end.
const scriptPatience = 60 * time.Second

// tick is how often something that has to come true is looked at again.
const tick = 20 * time.Millisecond

// leakless fails a run whose tests are good but leave goroutines behind.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	code := m.M.Run()
	if code != 0 {
		return code
	}
	// badger's logger starts a daemon when its package is loaded.
	if err := goleak.Find(goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"scopegate": main.Main})
}

// verb is a command of the scripts.
type verb = func(ts *testscript.TestScript, neg bool, args []string)

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: func(env *testscript.Env) error { return newSession(env) },
		Cmds: map[string]verb{
			"serve":      onSession((*session).cmdServe),
			"signal":     onSession((*session).cmdSignal),
			"exits":      onSession((*session).cmdExits),
			"term":       onSession((*session).cmdTerm),
			"kill9":      onSession((*session).cmdKill9),
			"upstream":   onSession((*session).cmdUpstream),
			"client":     onSession((*session).cmdClient),
			"token":      onSession((*session).cmdToken),
			"http":       onSession((*session).cmdHTTP),
			"begin":      onSession((*session).cmdBegin),
			"finish":     onSession((*session).cmdFinish),
			"status":     onSession((*session).cmdStatus),
			"header":     onSession((*session).cmdHeader),
			"body":       onSession((*session).cmdBody),
			"proto":      onSession((*session).cmdProto),
			"eventually": onSession((*session).cmdEventually),
			"log":        onSession((*session).cmdLog),
			"run":        onSession((*session).cmdRun),
			"demo":       onSession((*session).cmdDemo),
			"hooks":      onSession((*session).cmdHooks),
			"hooked":     onSession((*session).cmdHooked),
			"dead":       onSession((*session).cmdDead),
			"selfsigned": cmdSelfSigned,
			"cutlog":     cmdCutLog,
			"exit":       cmdExit,
			"set":        cmdSet,
			"json":       cmdJSON,
			"mode":       cmdMode,
			"nowhere":    cmdNowhere,
			"promlint":   onSession((*session).cmdPromlint),
			"families":   onSession((*session).cmdFamilies),
			"fetch":      onSession((*session).cmdFetch),
			"aged":       cmdAged,
		},
	})
}

type sessionKey struct{}

// newSession gives a script its backend and, unless it brings its own, the
// common routes.yaml.
func newSession(env *testscript.Env) error {
	s := &session{dir: env.WorkDir, backend: newBackend(), client: newHTTPClient()}
	env.Values[sessionKey{}] = s
	env.Setenv("BACKEND_URL", s.backend.server.URL)
	example, err := filepath.Abs("../../routes.yaml")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLE", example)
	env.Defer(s.close)
	own := filepath.Join(env.WorkDir, "routes.yaml")
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	common, err := os.ReadFile("testdata/routes.yaml")
	if err != nil {
		return err
	}
	return os.WriteFile(own, common, 0o600)
}

func onSession(f func(*session, *testscript.TestScript, bool, []string)) verb {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		f(ts.Value(sessionKey{}).(*session), ts, neg, args)
	}
}

// check fails a script unless what is so is what it wants.
func check(ts *testscript.TestScript, neg, ok bool, format string, args ...any) {
	if ok == neg {
		not := "not so: "
		if neg {
			not = "so, but should not be: "
		}
		ts.Fatalf("%s", not+fmt.Sprintf(format, args...))
	}
}

// cmdExit: exit CODE PROGRAM ARG...
func cmdExit(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
