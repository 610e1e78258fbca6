package gateway

import (
	"strconv"
	"time"

	"scopegate/authz"
)

// Format is how the access log is written.
type Format string

// The formats: one JSON object or one line of key=value for each request, as
// log/slog's handlers write them.
const (
	FormatJSON Format = "json"
	FormatText Format = "text"
)

// AccessLog writes one line for each request, by an encoder of its own that
// allocates nothing.
type AccessLog struct {
	Lines  *LineWriter
	Format Format

	time logTime
}

// write encodes the line in the passage's own memory and hands it over.
func (l *AccessLog) write(p *passage, reason authz.Reason, took time.Duration) {
	path, method := p.masked(p.x.Path), p.x.Method
	if holdsSecret(method, p.tokenPrefix()) {
		method = p.masked(method)
	}
	from := p.scratch.mark()
	line := logLine{b: p.scratch.b, text: l.Format == FormatText}
	line.begin()
	line.plain("time", l.time.append(line.spare(), p.x.Start))
	line.word("level", "INFO")
	line.word("msg", "request")
	line.word("request_id", p.id)
	line.quoted("route", p.routeName())
	line.quoted("method", method)
	line.quoted("path", path)
	line.number("status", int64(p.record.status))
	line.word("reason", reason.String())
	if principal := &p.decision.Principal; principal.Client != nil {
		line.word("client_id", string(principal.Client.ID))
		line.plain("token_id", principal.Hash.AppendID(line.spare()))
	}
	if p.record.upstream != "" {
		line.quoted("upstream", p.record.upstream)
		line.millis("upstream_ms", p.record.wait)
	}
	line.millis("duration_ms", took)
	line.number("bytes", p.record.bytes)
	if p.origin.Client.IsValid() {
		line.plain("remote_ip", p.origin.Client.AppendTo(line.spare()))
	}
	line.end()
	p.scratch.b = line.b
	l.Lines.WriteLine(line.b[from:])
}

// tokenPrefix is what tokens begin with; nothing before there is a Snapshot.
func (p *passage) tokenPrefix() string {
	if p.snap == nil {
		return ""
	}
	return p.snap.tokenPrefix
}

// masked returns a text of the caller's, masked and a little longer than what
// is logged.
func (p *passage) masked(text string) string {
	from := p.scratch.mark()
	p.scratch.b = appendMasked(p.scratch.b, text[:min(len(text), maxLogged+1)], p.tokenPrefix())
	return p.scratch.text(from)
}

// logLine is a line in the making.
type logLine struct {
	b     []byte
	text  bool
	value [64]byte // for a value that is made before its key is written
}

func (l *logLine) spare() []byte { return l.value[:0] }

func (l *logLine) begin() {
	if !l.text {
		l.b = append(l.b, '{')
	}
}

func (l *logLine) end() {
	last := len(l.b) - 1 // the separator behind the last value
	if l.text {
		l.b[last] = '\n'
		return
	}
	l.b[last] = '}'
	l.b = append(l.b, '\n')
}

func (l *logLine) key(name string) {
	if l.text {
		l.b = append(append(l.b, name...), '=')
		return
	}
	l.b = append(l.b, '"')
	l.b = append(l.b, name...)
	l.b = append(l.b, '"', ':')
}

func (l *logLine) next() {
	if l.text {
		l.b = append(l.b, ' ')
	} else {
		l.b = append(l.b, ',')
	}
}

// plain writes a value that needs no escape.
func (l *logLine) plain(name string, value []byte) {
	l.key(name)
	if l.text {
		l.b = append(l.b, value...)
	} else {
		l.b = append(append(append(l.b, '"'), value...), '"')
	}
	l.next()
}

// word writes a text that needs no escape and no quotes in a text line.
func (l *logLine) word(name, value string) {
	l.key(name)
	if l.text {
		l.b = append(l.b, value...)
	} else {
		l.b = append(append(append(l.b, '"'), value...), '"')
	}
	l.next()
}

// quoted writes a text, which may be of the caller's making.
func (l *logLine) quoted(name, value string) {
	l.key(name)
	if l.text && len(value) <= maxLogged && simple(value) {
		l.b = append(l.b, value...)
	} else {
		l.b = appendLogged(l.b, value)
	}
	l.next()
}

func (l *logLine) number(name string, n int64) {
	l.key(name)
	l.b = strconv.AppendInt(l.b, n, 10)
	l.next()
}

// millis writes a duration in milliseconds with three decimals.
func (l *logLine) millis(name string, d time.Duration) {
	l.key(name)
	micros := d.Microseconds()
	l.b = strconv.AppendInt(l.b, micros/1000, 10)
	rest := micros % 1000
	l.b = append(l.b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	l.next()
}
