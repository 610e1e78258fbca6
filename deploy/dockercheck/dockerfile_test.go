package dockercheck_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	digest "github.com/opencontainers/go-digest"
)

const file = "../../Dockerfile"

func TestTheLinterFindsNothing(t *testing.T) {
	results := check(t, read(t))
	for _, w := range results.Warnings {
		t.Errorf("%s: %s", w.RuleName, w.Detail)
	}
	if results.Error != nil {
		t.Errorf("does not build: %s", results.Error.Message)
	}
}

func TestTheLinterFindsWhatIsWrong(t *testing.T) {
	spoilt := strings.Replace(string(read(t)), `CMD ["serve"]`, `CMD serve $UNKNOWN`, 1)
	if results := check(t, []byte(spoilt)); len(results.Warnings) == 0 {
		t.Error("a shell-form CMD passes the linter: it judges nothing")
	}
}

func TestTheBinaryIsBuiltStaticAndWithoutPaths(t *testing.T) {
	stages, _ := parse(t)
	build := commands[*instructions.RunCommand](stages[0])
	line := strings.Join(build[len(build)-1].CmdLine, " ")
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "./cmd/scopegate"} {
		if !strings.Contains(line, want) {
			t.Errorf("the build %q lacks %s", line, want)
		}
	}
}

func TestBaseImagesAreArgumentsWithoutAHost(t *testing.T) {
	stages, args := parse(t)
	if len(stages) != 2 || stages[0].BaseName != "${BUILD_BASE}" || stages[1].BaseName != "${RUN_BASE}" {
		t.Fatalf("want a build stage and a run stage from the arguments, have %d stages", len(stages))
	}
	for _, arg := range args {
		for _, kv := range arg.Args {
			if kv.Value == nil {
				t.Errorf("%s: want a default", kv.Key)
				continue
			}
			if host, _, deep := strings.Cut(*kv.Value, "/"); deep && strings.ContainsAny(host, ".:") {
				t.Errorf("%s=%s: want a default that names no registry", kv.Key, *kv.Value)
			}
			if !strings.Contains(*kv.Value, ":") {
				t.Errorf("%s=%s: want a default with a tag", kv.Key, *kv.Value)
			}
		}
	}
}

func TestTheImageRunsAsAnUnprivilegedNumber(t *testing.T) {
	run := runStage(t)
	users := commands[*instructions.UserCommand](run)
	if len(users) != 1 || users[0].User != "65532:65532" {
		t.Errorf("USER is %v, want 65532:65532", users)
	}
	if runs := commands[*instructions.RunCommand](run); len(runs) > 0 {
		t.Errorf("the run stage has RUN, but its base has no shell")
	}
}

func TestOnlyTheDataVolumeIsWritten(t *testing.T) {
	run := runStage(t)
	volumes := commands[*instructions.VolumeCommand](run)
	if len(volumes) != 1 || !slices.Equal(volumes[0].Volumes, []string{"/data"}) {
		t.Errorf("VOLUME is %v, want /data alone", volumes)
	}
	env := map[string]string{}
	for _, e := range commands[*instructions.EnvCommand](run) {
		for _, kv := range e.Env {
			env[kv.Key] = kv.Value
		}
	}
	if env["SCOPEGATE_DATA_DIR"] != "/data" {
		t.Errorf("SCOPEGATE_DATA_DIR is %q, want /data", env["SCOPEGATE_DATA_DIR"])
	}
	var owned bool
	for _, c := range commands[*instructions.CopyCommand](run) {
		owned = owned || c.DestPath == "/data" && c.Chown == "65532:65532" && c.Chmod == "0700"
	}
	if !owned {
		t.Error("/data is not copied with --chown=65532:65532 --chmod=0700: a new volume would belong to root")
	}
}

func TestCommandsAreInExecForm(t *testing.T) {
	run := runStage(t)
	entry := commands[*instructions.EntrypointCommand](run)
	cmd := commands[*instructions.CmdCommand](run)
	health := commands[*instructions.HealthCheckCommand](run)
	if len(entry) != 1 || entry[0].PrependShell || !slices.Equal(entry[0].CmdLine, []string{"/scopegate"}) {
		t.Errorf("ENTRYPOINT is %v", entry)
	}
	if len(cmd) != 1 || cmd[0].PrependShell || !slices.Equal(cmd[0].CmdLine, []string{"serve"}) {
		t.Errorf("CMD is %v", cmd)
	}
	if len(health) != 1 || !slices.Equal(health[0].Health.Test, []string{"CMD", "/scopegate", "healthcheck"}) {
		t.Errorf("HEALTHCHECK is %v", health)
	}
}

// check runs every rule of `docker build --check`.
func check(t *testing.T, dockerfile []byte) *lint.LintResults {
	t.Helper()
	state := llb.Scratch()
	origin := llb.NewSourceMap(&state, "Dockerfile", "Dockerfile", dockerfile)
	origin.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(t.Context(), dockerfile, dockerfile2llb.ConvertOpt{
		SourceMap:    origin,
		MetaResolver: emptyImages{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// emptyImages stands in for a registry: every base image has an empty
// configuration.
type emptyImages struct{}

func (emptyImages) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	const config = `{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/bin:/bin"]}}`
	return ref, digest.FromString(config), []byte(config), nil
}

func read(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func parse(t *testing.T) ([]instructions.Stage, []instructions.ArgCommand) {
	t.Helper()
	tree, err := parser.Parse(bytes.NewReader(read(t)))
	if err != nil {
		t.Fatal(err)
	}
	stages, args, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stages, args
}

func runStage(t *testing.T) instructions.Stage {
	t.Helper()
	stages, _ := parse(t)
	return stages[len(stages)-1]
}

// commands returns a stage's instructions of one kind.
func commands[T instructions.Command](stage instructions.Stage) []T {
	var found []T
	for _, c := range stage.Commands {
		if c, ok := c.(T); ok {
			found = append(found, c)
		}
	}
	return found
}
