package clientfile

import (
	"fmt"
	"regexp"
	"strings"

	"scopegate/authz"
	"scopegate/strict"
)

// DefaultManagedBy is the name of a set of clients whose file gives it none.
const DefaultManagedBy = "clients.yaml"

// File is one clients.yaml as written.
type File struct {
	Name      string // as problems name it
	ManagedBy string
	Clients   []Client

	version   int
	positions strict.Positions
}

var fileObject = strict.Object[File]{
	Title: "clients.yaml",
	Doc:   "The whole file.",
	Fresh: func() File { return File{ManagedBy: DefaultManagedBy} },
	Fields: []strict.Field[File]{
		strict.Key("version", strict.Integer[int]{Min: 1, Max: 1}, func(f *File) *int { return &f.version },
			"The version of this grammar.").Required(),
		strict.Key("managed_by", strict.Word(strict.Scalar[string]{
			Want:    "a name of 1 to 63 characters A-Z, a-z, 0-9, '.', '_', '/' and '-'",
			Pattern: regexp.MustCompile(authz.ManagedByPattern),
		}), func(f *File) *string { return &f.ManagedBy },
			"The name of this set of clients. Those that it makes bear it, and `--prune` revokes no others. Two files that are applied to one server have different names."),
		strict.Key("clients", strict.List[Client]{Of: clientObject, Keep: true}, func(f *File) *[]Client { return &f.Clients },
			"The clients, each as it shall be: a key that is absent means its default, not what the server has.").Required(),
	},
}

// Load reads a whole file. name is what problems call it; readFile opens the
// secret files that it names, by their paths as written. It returns either a
// File or all that is wrong with it.
func Load(name string, data []byte, readFile func(path string) ([]byte, error)) (*File, strict.Problems) {
	env := strict.Environment{ReadFile: readFile, Hidden: func(text string) bool { return strings.HasPrefix(text, authz.SecretPrefix) }}
	f, positions, problems := strict.Read(name, data, env, fileObject, checkTogether)
	if f == nil {
		return nil, problems
	}
	f.Name, f.positions = name, positions
	return f, nil
}

// checkTogether reports what only the whole file shows.
func checkTogether(r *strict.Reader, f *File) {
	first := make(map[authz.ClientID]int)
	for i := range f.Clients {
		id := f.Clients[i].ID
		if id == "" {
			continue // reported already
		}
		if j, twice := first[id]; twice {
			at := strict.Item("clients", j)
			r.ProblemAt(strict.Join(strict.Item("clients", i), "id"), "the id is taken by %s in line %d", at, r.Place(at).Line)
			continue
		}
		first[id] = i
	}
}

// Problem returns a problem of the value at a path such as
// clients[2].allowed_scopes, at its place in the file, or at that of the
// nearest value around it if it was not written.
func (f *File) Problem(path, message string) strict.Problem {
	at := f.positions.Of(path)
	return strict.Problem{File: f.Name, Line: at.Line, Col: at.Col, Path: path, Message: message}
}

// Write returns the file as it would be written, without secrets. It is an
// error where a client cannot be said in the file's grammar.
func (f *File) Write() ([]byte, error) {
	out := *f
	out.version = 1
	if out.ManagedBy == DefaultManagedBy {
		out.ManagedBy = ""
	}
	for i := range out.Clients {
		if c := &out.Clients[i]; len(c.Secrets) > 0 {
			return nil, fmt.Errorf("client %s: secrets are never written", c.ID)
		}
	}
	if len(out.Clients) == 0 {
		return []byte("# No clients.\n"), nil
	}
	shown, _ := fileObject.Show(out)
	text, err := strict.YAML(shown)
	if err != nil {
		return nil, err
	}
	if _, problems := Load(f.Name, text, nil); problems != nil {
		return nil, fmt.Errorf("a client cannot be written in this form: %w", problems)
	}
	return text, nil
}
