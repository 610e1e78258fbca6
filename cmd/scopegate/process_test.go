package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// session is one script's world: its backend, its server and the answer that
// it looks at.
type session struct {
	dir     string
	backend *backend
	client  *http.Client

	receiver *receiver // of webhooks; nil: the script has none

	server  *process   // the one that the script speaks to
	started []*process // all of them
	last    *answer
	pending chan *answer // of begin
}

func (s *session) close() {
	for _, p := range s.started {
		p.kill()
	}
	s.backend.close()
	s.client.CloseIdleConnections()
}

// process is a running `scopegate serve`.
type process struct {
	cmd    *exec.Cmd
	stdout string // a file
	stderr string // a file
	ended  chan struct{}
}

// start runs the program in the script's directory, so that the path of its
// admin socket is short.
func (s *session) start(environment, args []string) (*process, error) {
	n := len(s.started) + 1
	p := &process{
		cmd:    exec.Command("scopegate", args...),
		stdout: filepath.Join(s.dir, fmt.Sprintf("gw%d.stdout", n)),
		stderr: filepath.Join(s.dir, fmt.Sprintf("gw%d.stderr", n)),
		ended:  make(chan struct{}),
	}
	p.cmd.Dir, p.cmd.Env = s.dir, environment
	stdout, err := os.Create(p.stdout)
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	stderr, err := os.Create(p.stderr)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // its state is in ProcessState
		close(p.ended)
	}()
	s.started = append(s.started, p)
	return p, nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// running reports whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) log() string {
	text, err := os.ReadFile(p.stderr)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// exit waits for the end.
func (p *process) exit(ts *testscript.TestScript) int {
	limit := time.NewTimer(scriptPatience)
	defer limit.Stop()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-limit.C:
		ts.Fatalf("did not end:\n%s", p.log())
		return -1
	}
}

// until looks again and again until ok says yes.
func until(ts *testscript.TestScript, ok func() bool, what func() string) {
	if !eventually(ok) {
		ts.Fatalf("not in time: %s", what())
	}
}

// eventually reports whether ok said yes in time.
func eventually(ok func() bool) bool {
	limit := time.NewTimer(scriptPatience)
	defer limit.Stop()
	again := time.NewTicker(tick)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-limit.C:
			return ok()
		}
	}
	return true
}

// serving is the log line of a server that began to serve.
type serving struct {
	Message string `json:"msg"`
	Listen  string `json:"listen"`
	Admin   string `json:"admin_listen"`
}

func (p *process) serving() (found serving, ok bool) {
	for line := range strings.Lines(p.log()) {
		var said serving
		if json.Unmarshal([]byte(line), &said) == nil && said.Message == "serving" {
			return said, true
		}
	}
	return serving{}, false
}

// inherited is what a server gets of the script's environment.
func inherited(ts *testscript.TestScript) (environment []string) {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "BACKEND_URL", "GOCOVERDIR", "GORACE"} {
		if value := ts.Getenv(name); value != "" {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// cmdDemo: demo [NAME=VALUE]... [FLAG]...
//
// It starts the demo and writes the commands that it prints to the file
// commands.
func (s *session) cmdDemo(ts *testscript.TestScript, _ bool, args []string) {
	environment := inherited(ts)
	for len(args) > 0 && strings.Contains(args[0], "=") && !strings.HasPrefix(args[0], "-") {
		environment, args = append(environment, args[0]), args[1:]
	}
	p, err := s.start(environment, append([]string{"serve", "--demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, args...))
	ts.Check(err)
	s.server = p
	printed := func() string {
		text, err := os.ReadFile(p.stdout)
		ts.Check(err)
		return string(text)
	}
	until(ts, func() bool { return strings.Contains(printed(), "Ready.") || !p.running() }, p.log)
	commands := regexp.MustCompile(`(?m)^(TOKEN=\$\()?curl .*\n`).FindAllString(printed(), -1)
	if len(commands) != 3 {
		ts.Fatalf("%d commands in\n%s%s", len(commands), printed(), p.log())
	}
	ts.Check(os.WriteFile(filepath.Join(s.dir, "commands"), []byte(strings.Join(commands, "")), 0o600))
	fmt.Fprint(ts.Stdout(), printed())
}

// cmdServe: serve [NAME=VALUE]... [FLAG]...
//
// It starts a server on free ports, waits until it is ready, and sets GW_URL,
// GW_ADDR, ADMIN_URL and GW_LOG. Negated, it waits for a failing start and
// sets nothing; exits looks at it then.
func (s *session) cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	environment := inherited(ts)
	for len(args) > 0 && strings.Contains(args[0], "=") && !strings.HasPrefix(args[0], "-") {
		environment, args = append(environment, args[0]), args[1:]
	}
	command := []string{"serve"}
	for _, flag := range []string{"--listen", "--admin-listen"} {
		name := "SCOPEGATE_" + strings.ToUpper(strings.ReplaceAll(flag[2:], "-", "_")) + "="
		given := func(arg string) bool { return arg == flag || strings.HasPrefix(arg, name) }
		if !slices.ContainsFunc(args, given) && !slices.ContainsFunc(environment, given) {
			command = append(command, flag, "127.0.0.1:0")
		}
	}
	p, err := s.start(environment, append(command, args...))
	ts.Check(err)
	s.server = p
	ts.Setenv("GW_LOG", p.stderr)
	ts.Setenv("GW_ACCESS", p.stdout)
	if neg {
		p.exit(ts)
		return
	}
	var said serving
	until(ts, func() (ok bool) {
		said, ok = p.serving()
		return ok || !p.running()
	}, p.log)
	if said.Listen == "" {
		ts.Fatalf("the server ended:\n%s", p.log())
	}
	scheme := "http://"
	if slices.Contains(args, "--tls-cert") {
		scheme = "https://"
	}
	ts.Setenv("GW_ADDR", said.Listen)
	ts.Setenv("GW_URL", scheme+said.Listen)
	ts.Setenv("ADMIN_URL", "http://"+said.Admin)
}

// cmdSignal: signal TERM|HUP|INT
func (s *session) cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	sig, ok := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "INT": syscall.SIGINT}[args[0]]
	if !ok {
		ts.Fatalf("no signal %q", args[0])
	}
	ts.Check(s.server.cmd.Process.Signal(sig))
}

// cmdExits: exits CODE waits for the server's end.
func (s *session) cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := s.server.exit(ts); got != want {
		ts.Fatalf("exit code %d, want %d:\n%s", got, want, s.server.log())
	}
}

func (s *session) cmdTerm(ts *testscript.TestScript, _ bool, _ []string) {
	s.cmdSignal(ts, false, []string{"TERM"})
	s.cmdExits(ts, false, []string{"0"})
}

func (s *session) cmdKill9(*testscript.TestScript, bool, []string) { s.server.kill() }

// cmdLog: log REGEXP looks into the server's log.
func (s *session) cmdLog(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, regexp.MustCompile("(?m)"+args[0]).MatchString(s.server.log()), "%s in\n%s", args[0], s.server.log())
}

// cmdEventually waits for what comes true on its own:
//
//	eventually log REGEXP
//	eventually exit CODE PROGRAM ARG...
//	eventually status CODE METHOD PATH [FLAG]...
func (s *session) cmdEventually(ts *testscript.TestScript, _ bool, args []string) {
	switch args[0] {
	case "log":
		re := regexp.MustCompile("(?m)" + args[1])
		until(ts, func() bool { return re.MatchString(s.server.log()) }, s.server.log)
	case "exit":
		want, err := strconv.Atoi(args[1])
		ts.Check(err)
		got := -1
		until(ts, func() bool {
			got = exitCode(ts.Exec(args[2], args[3:]...))
			return got == want
		}, func() string { return fmt.Sprintf("exit code %d", got) })
	case "status":
		want, err := strconv.Atoi(args[1])
		ts.Check(err)
		until(ts, func() bool {
			s.cmdHTTP(ts, false, args[2:])
			return s.last.status == want
		}, func() string { return s.last.text() })
	default:
		ts.Fatalf("eventually what?")
	}
}
