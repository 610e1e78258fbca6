package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// MaxFileSize is the largest file that is read, in bytes.
const MaxFileSize = 4 << 20

// Read reads a whole file by the table of its root. name is what problems call
// it; together, if it is not nil, reports what only the whole file shows. It
// returns either a value, with the places of its parts, or all that is wrong;
// it opens nothing but what env opens for it.
func Read[T any](name string, data []byte, env Environment, root Object[T], together func(r *Reader, v *T)) (*T, Positions, Problems) {
	r := &Reader{Env: env, file: name, positions: make(Positions)}
	n := r.parse(data)
	if n == nil {
		return nil, nil, r.problems.sorted()
	}
	v, ok := root.Read(r, n, "")
	if r.values > maxValues {
		return nil, nil, Problems{{r.file, n.Line, n.Column, "", fmt.Sprintf(
			"the file comes to more than %d values, counting what aliases repeat", maxValues)}}
	}
	if ok && together != nil {
		together(r, &v)
	}
	if len(r.problems) > 0 {
		return nil, nil, r.problems.sorted()
	}
	return &v, r.positions, nil
}

// parse returns the value of the only document, nil if there are problems.
func (r *Reader) parse(data []byte) *yaml.Node {
	if len(data) > MaxFileSize {
		r.add(Position{1, 1}, "", "the file has %d bytes, more than %d", len(data), MaxFileSize)
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if at := invalidUTF8(data); at >= 0 {
		r.add(placeOf(data, at), "", "the file is not UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decode(decoder, &document); {
	case errors.Is(err, io.EOF):
		r.add(Position{1, 1}, "", "the file is empty")
		return nil
	case err != nil:
		r.syntaxError(data, err)
		return nil
	}
	switch err := decode(decoder, &second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntaxError(data, err)
		return nil
	default:
		r.Problem(&second, "", "a second document begins here; a file holds one")
		return nil
	}
	root := document.Content[0]
	if root.Tag == "!!null" {
		r.add(Position{1, 1}, "", "the file is empty")
		return nil
	}
	return root
}

// decode guards against the parser's own mistakes: yaml.v3 panics where it
// believes that it cannot be, and a bad file must never stop a server that is
// asked to reload.
func decode(decoder *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser gave up: %.200s", fmt.Sprint(p))
		}
	}()
	return decoder.Decode(into)
}

var (
	yamlError     = regexp.MustCompile(`^(?:yaml: )?(?:line ([0-9]+): )?((?s).*)$`)
	lineBreak     = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]") // YAML 1.1 section 4.1.4, which the parser follows
	parserError   = regexp.MustCompile(`^did not find expected (<|node content|'-' indicator|key|',' or )`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError reports what the parser says. It knows lines only, counts them
// from 0 where its grammar is not met, and not at all for an unknown anchor.
func (r *Reader) syntaxError(data []byte, err error) {
	m := yamlError.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	at := Position{max(line, 1), 1}
	if line > 0 && parserError.MatchString(m[2]) {
		at.Line = min(at.Line+1, len(lineBreak.FindAllIndex(data, -1))+1)
	}
	if name := unknownAnchor.FindStringSubmatch(m[2]); name != nil {
		alias := regexp.MustCompile(`\*` + regexp.QuoteMeta(name[1]) + `([^A-Za-z0-9_-]|$)`)
		if found := alias.FindIndex(data); found != nil {
			at = placeOf(data, found[0])
		}
	}
	r.add(at, "", "%s", strings.ReplaceAll(m[2], "\n", " "))
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

func placeOf(data []byte, at int) Position {
	before := data[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Position{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}
