package openapi

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"scopegate/gateway/route"
)

// defaultOrigin stands where the document names no server.
const defaultOrigin = "http://127.0.0.1:9001"

// server takes the first server: its origin is the backend, and its path comes
// before all paths.
func (im *importer) server(n *yaml.Node) {
	im.origin = defaultOrigin
	servers := items(n)
	if len(servers) == 0 {
		return
	}
	if len(servers) > 1 {
		im.problem(servers[1], "servers[1]", "only the first server is taken")
	}
	at := child(servers[0], "url")
	u, err := url.Parse(text(at))
	switch {
	case at == nil || err != nil || strings.ContainsAny(u.String()+text(at), "{}$") || u.RawQuery != "" || u.User != nil:
		im.problem(servers[0], "servers[0].url", "is no plain URL; %s stands for the backend", defaultOrigin)
		return
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		im.origin = u.Scheme + "://" + u.Host
	}
	im.base = strings.TrimSuffix(u.Path, "/")
}

var parameter = regexp.MustCompile(`\{[^{}/]*\}`)

// pattern makes a route's pattern of a templated path. What its names hold
// beside letters, digits and _ becomes _: they carry no meaning here.
func (im *importer) pattern(path string) (route.Pattern, error) {
	path = parameter.ReplaceAllStringFunc(im.base+path, func(name string) string {
		return "{" + notWord.ReplaceAllString(strings.Trim(name, "{}"), "_") + "}"
	})
	if strings.HasSuffix(path, "/*") {
		return route.Pattern{}, fmt.Errorf("path %q ends in a star", path)
	}
	p, err := route.ParsePattern(path)
	if err == nil && route.Reserved(p) {
		err = fmt.Errorf("paths under /oauth/ and /.well-known/oauth- belong to the authorization server")
	}
	return p, err
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9_]`)

// shape is a pattern without its names.
func shape(p route.Pattern) string { return parameter.ReplaceAllString(p.String(), "{}") }

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// name makes a route's name of an operationId, or of method and path.
func (im *importer) name(id *yaml.Node, otherwise string) string {
	said := text(id)
	if said == "" {
		said = otherwise
	}
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(said), "-"), "-")
	if len(name) > 56 {
		name = name[:56]
	}
	if name == "" {
		name = "route"
	}
	unique := name
	for i := 2; im.names[unique]; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	im.names[unique] = true
	return unique
}
