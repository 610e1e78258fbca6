package config

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

// Load reads a whole file. name is what problems call it. It returns either a
// Config or all that is wrong with the file; it opens nothing but what env
// opens for it.
func Load(name string, data []byte, env Environment) (*Config, Problems) {
	r := &reader{file: name, env: env, positions: make(map[string]position)}
	root := r.parse(data)
	if root == nil {
		return nil, r.problems.sorted()
	}
	c, ok := configObject.read(r, root, "")
	if r.values > maxValues {
		return nil, Problems{{r.file, root.Line, root.Column, "", fmt.Sprintf(
			"the file comes to more than %d values, counting what aliases repeat", maxValues)}}
	}
	if ok {
		c.File, c.positions = name, r.positions
		r.checkTogether(&c)
	}
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return &c, nil
}

// parse returns the value of the only document, nil if there are problems.
func (r *reader) parse(data []byte) *yaml.Node {
	if len(data) > MaxFileSize {
		r.add(position{1, 1}, "", "the file has %d bytes, more than %d", len(data), MaxFileSize)
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
		r.add(position{1, 1}, "", "the file is empty")
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
		r.problem(&second, "", "a second document begins here; a file holds one")
		return nil
	}
	root := document.Content[0]
	if root.Tag == "!!null" {
		r.add(position{1, 1}, "", "the file is empty")
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
	parserError   = regexp.MustCompile(`^did not find expected (<|node content|'-' indicator|key|',' or )`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError reports what the parser says. It knows lines only, counts them
// from 0 where its grammar is not met, and not at all for an unknown anchor.
func (r *reader) syntaxError(data []byte, err error) {
	m := yamlError.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	at := position{max(line, 1), 1}
	if line > 0 && parserError.MatchString(m[2]) {
		at.line++
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

func placeOf(data []byte, at int) position {
	before := data[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return position{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}
