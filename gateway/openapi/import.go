package openapi

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/route"
)

// Import returns the routes.yaml that an OpenAPI 3 document in YAML or JSON
// comes to, nil if it comes to no route, and what it could not decide, by
// place. What it returns is a good file.
func Import(name string, data []byte) ([]byte, config.Problems) {
	im := &importer{file: name, scopes: map[authz.Scope]string{}, taken: map[string]bool{}, names: map[string]bool{"none": true, "other": true}}
	im.document(data)
	im.tellCovered()
	slices.SortStableFunc(im.problems, func(a, b config.Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Col - b.Col
	})
	if len(im.routes) == 0 {
		return nil, im.problems
	}
	out := im.write()
	if _, problems := config.Load("routes.yaml", out, config.Environment{}); len(problems) > 0 {
		return nil, append(im.problems, problems...)
	}
	return out, im.problems
}

type importer struct {
	file     string
	problems config.Problems

	origin  string // of the backend
	base    string // path before all paths
	schemes map[string]*scheme
	scopes  map[authz.Scope]string // used, with their descriptions
	routes  []*imported
	taken   map[string]bool // method and shape of a path
	names   map[string]bool
	left    []leftOut
}

// imported is one route of the result.
type imported struct {
	name    string
	pattern route.Pattern
	methods []string
	demand  demand
}

// leftOut is an operation without a route, whose problem is told.
type leftOut struct {
	problem int
	method  string
	path    string
}

func (im *importer) problem(n *yaml.Node, path, format string, args ...any) {
	im.problems = append(im.problems, config.Problem{File: im.file, Line: n.Line, Col: n.Column, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (im *importer) document(data []byte) {
	root, err := parse(data)
	if err != nil {
		im.problem(&yaml.Node{Line: 1, Column: 1}, "", "%v", err)
		return
	}
	version := child(root, "openapi")
	if version == nil || !strings.HasPrefix(version.Value, "3.") {
		im.problem(root, "openapi", "this is no OpenAPI 3 document")
		return
	}
	im.server(child(root, "servers"))
	im.schemes = im.readSchemes(child(child(root, "components"), "securitySchemes"))
	common := child(root, "security")
	paths := child(root, "paths")
	if paths == nil || len(paths.Content) == 0 {
		im.problem(root, "paths", "there are no paths")
		return
	}
	for key, item := range entries(paths) {
		if !strings.HasPrefix(key.Value, "x-") {
			im.path(key, item, common)
		}
	}
	if len(im.routes) == 0 && len(im.problems) == 0 {
		im.problem(paths, "paths", "there is no operation")
	}
}

// parse reads the only document; the parser's own mistakes are errors too.
func parse(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser gave up: %.200s", fmt.Sprint(p))
		}
	}()
	if len(data) > config.MaxFileSize {
		return nil, fmt.Errorf("the document has %d bytes, more than %d", len(data), config.MaxFileSize)
	}
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&document); err != nil {
		return nil, err
	}
	root = value(document.Content[0])
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("this is no OpenAPI 3 document")
	}
	return root, nil
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (im *importer) path(key, item, common *yaml.Node) {
	at := "paths." + key.Value
	if ref := child(item, "$ref"); ref != nil {
		im.problem(ref, at, "refers to another place, which is not followed: its operations are left out")
		return
	}
	pattern, err := im.pattern(key.Value)
	if err != nil {
		im.problem(key, at, "%v: its operations are left out", err)
		return
	}
	var made []*imported
	for name, operation := range entries(item) {
		if !slices.Contains(methods, name.Value) {
			continue
		}
		method := strings.ToUpper(name.Value)
		d, node, err := im.demand(operation, common)
		if err == nil {
			err = im.free(method, pattern, item)
			node = name
		}
		if err != nil {
			if node == nil {
				node = name
			}
			im.left = append(im.left, leftOut{len(im.problems), method, pattern.String()})
			im.problem(node, at+"."+name.Value, "%v: left out", err)
			continue
		}
		i := slices.IndexFunc(made, func(r *imported) bool { return r.demand.equal(d) })
		if i < 0 {
			made = append(made, &imported{pattern: pattern, demand: d})
			i = len(made) - 1
			id := child(operation, "operationId")
			made[i].name = im.name(id, name.Value+" "+pattern.String())
		}
		made[i].methods = append(made[i].methods, method)
		im.use(d)
	}
	im.routes = append(im.routes, made...)
}

// free reports why no further route can take the method at the path.
func (im *importer) free(method string, pattern route.Pattern, item *yaml.Node) error {
	if method == "TRACE" {
		return fmt.Errorf("TRACE never passes")
	}
	if method == "HEAD" && child(item, "get") != nil {
		return fmt.Errorf("GET brings HEAD, under what GET asks for")
	}
	key := method + " " + shape(pattern)
	if im.taken[key] {
		return fmt.Errorf("another path is the same but for its names")
	}
	im.taken[key] = true
	return nil
}

// tellCovered adds to what was left out which route takes its requests
// instead: a broader one.
func (im *importer) tellCovered() {
	var routes []*route.Route
	for i, r := range im.routes {
		requirement := authz.Requirement{Scopes: r.demand.all, AnyScope: r.demand.any}
		routes = append(routes, &route.Route{Index: i, Name: r.name, Pattern: r.pattern, Methods: r.methods, Requirement: requirement})
	}
	table, err := route.NewTable(routes)
	if err != nil {
		return // Load says so
	}
	for _, l := range im.left {
		e := table.Explain("", l.method, strings.NewReplacer("{", "", "}", "").Replace(l.path))
		if e.Route != nil {
			im.problems[l.problem].Message += fmt.Sprintf("; until it has a route of its own, route %q takes its requests", e.Route.Name)
		}
	}
}
