package admin_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"scopegate/authz/admin"
)

var callRow = regexp.MustCompile("(?m)^\\| `([A-Z]+ /admin/v1/[^` ]+)` \\|")

func TestEveryCallStandsOnThePageOfTheAPI(t *testing.T) {
	page, err := os.ReadFile("../../docs/admin-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, m := range callRow.FindAllStringSubmatch(string(page), -1) {
		written = append(written, m[1])
	}
	e := echo.New()
	new(admin.Server).Mount(e, true)
	var mounted []string
	for _, r := range e.Routes() {
		if r.Method != echo.RouteNotFound {
			mounted = append(mounted, r.Method+" "+r.Path)
		}
	}
	slices.Sort(written)
	slices.Sort(mounted)
	if d := cmp.Diff(mounted, written); d != "" {
		t.Errorf("docs/admin-api.md does not have the calls of the API (-API +page):\n%s", d)
	}
}
