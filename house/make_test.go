package house_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	makeMention = regexp.MustCompile("`make ([a-z][a-z-]*)[^`]*`")
)

func TestEveryMakeTargetThatIsWrittenOfExists(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	err = walk(func(name string, content []byte) error {
		if ext := path.Ext(name); ext != ".md" && ext != ".go" {
			return nil
		}
		for i, line := range strings.Split(string(content), "\n") {
			for _, m := range makeMention.FindAllStringSubmatch(line, -1) {
				if !targets[m[1]] {
					t.Errorf("%s:%d: there is no target %q in the Makefile", name, i+1, m[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
