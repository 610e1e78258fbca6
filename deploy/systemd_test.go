package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxExposure is systemd's own measure of how much a service may do, from 0
// to 100: most services that ship with a distribution are above 90.
const maxExposure = "20"

func TestTheUnitsAreValidAndTheServiceIsConfined(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"scopegate.service", "scopegate.socket"} {
		text := strings.ReplaceAll(unit(t, name), "/usr/local/bin/scopegate", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool(t, "systemd-analyze", dir, "verify", "--man=no", "--recursive-errors=no", "./scopegate.service", "./scopegate.socket")
	tool(t, "systemd-analyze", dir, "security", "--no-pager", "--offline=yes", "--threshold="+maxExposure, "./scopegate.service")
}

func TestTheServiceNamesWhatThePromisesNeed(t *testing.T) {
	lines := strings.Split(unit(t, "scopegate.service"), "\n")
	for want, why := range map[string]string{
		"Type=notify":                              "systemd must know when routes are served, not when the process exists",
		"WatchdogSec=30s":                          "a process that hangs is ended",
		"DynamicUser=yes":                          "not root",
		"ProtectSystem=strict":                     "only the data directory is written",
		"StateDirectoryMode=0700":                  "the store is nobody else's",
		"LimitCORE=0":                              "a core dump holds tokens",
		"RestartPreventExitStatus=2 3":             "a wrong flag and an invalid routes.yaml do not mend themselves",
		"ExecStart=/usr/local/bin/scopegate serve": "the service serves",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("scopegate.service lacks %q: %s", want, why)
		}
	}
}

func unit(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("systemd", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
