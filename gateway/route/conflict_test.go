package route_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/route"
)

// problems lists the errors of NewTable, conflicts as "a|b".
func problems(t *testing.T, routes []*route.Route) []string {
	t.Helper()
	table, err := route.NewTable(routes)
	if err == nil {
		return nil
	}
	if table != nil {
		t.Error("a table with problems")
	}
	var list []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		switch e := e.(type) {
		case *route.Conflict:
			list = append(list, e.A.Name+"|"+e.B.Name)
		case *route.Invalid:
			list = append(list, e.Error())
		default:
			t.Errorf("a problem of type %T", e)
		}
	}
	return list
}

func TestEquallySpecificRoutesForTheSameRequestConflict(t *testing.T) {
	tests := []struct {
		name, routes string
		want         []string
	}{
		{"same method", "a GET /x\nb GET /x", []string{"a|b"}},
		{"other methods", "a GET /x\nb POST /x", nil},
		{"GET brings HEAD", "a GET /x\nb HEAD /x", []string{"a|b"}},
		{"HEAD alone and POST", "a HEAD /x\nb POST /x", nil},
		{"any method and one", "a any /x\nb POST /x", []string{"a|b"}},
		{"one method and any", "a POST /x\nb any /x", []string{"a|b"}},
		{"names do not tell apart", "a GET /{x}/*\nb GET /{y}/*", []string{"a|b"}},
		{"literal and name", "a GET /x\nb GET /{x}", nil},
		{"exact and tree", "a GET /x\nb GET /x/*", nil},
		{"trailing slash", "a GET /x\nb GET /x/", nil},
		{"hosts compare without case", "a GET h.example/x\nb GET H.EXAMPLE./x", []string{"a|b"}},
		{"host and none", "a GET h.example/x\nb GET /x", nil},
		{"other hosts", "a GET h.example/x\nb GET i.example/x", nil},
		{"all pairs", "a GET,PUT /x\nb PUT,POST /x\nc any /x\nd GET /y", []string{"a|b", "a|c", "b|c"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			routes, err := parseRoutes(test.routes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, problems(t, routes)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInvalidRoutesAreAllReported(t *testing.T) {
	routes, err := parseRoutes(`
reserved   any     /oauth/*
method     get     /a
token      A(B     /b
trace      TRACE   /c
connect    CONNECT /d
port       any     h.example:80/x
port6      any     [::1]:80/x
host       any     *.example/x
fine       any     /*
twice      GET     /*
`)
	if err != nil {
		t.Fatal(err)
	}
	routes = append(routes, &route.Route{Name: "pathless"})
	want := []string{
		`route "reserved": path "/oauth/*" lies among the authorization server's`,
		`route "method": method "get": write GET`,
		`route "token": method "A(B" is not a token`,
		`route "trace": method TRACE never passes`,
		`route "connect": method CONNECT never passes`,
		`route "port": host "h.example:80": hosts compare without port, leave it out`,
		`route "port6": host "[::1]:80": hosts compare without port, leave it out`,
		`route "host": host "*.example" is neither a name nor an address`,
		`fine|twice`,
		`route "pathless": no path`,
	}
	if diff := cmp.Diff(want, problems(t, routes)); diff != "" {
		t.Error(diff)
	}
}

func TestConflictsNameBothRoutes(t *testing.T) {
	routes, _ := parseRoutes("read GET /x\nread-too GET /x")
	_, err := route.NewTable(routes)
	if err == nil || !strings.Contains(err.Error(), `routes "read" and "read-too" can match the same request`) {
		t.Error(err)
	}
}
