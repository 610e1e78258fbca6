package wire_test

import (
	"flag"
	"math/rand/v2"
	"testing"
)

// A long run: go test ./gateway/wire -run TestGeneratedHeads -heads 100000000 -seed 7 -timeout 1h
var (
	heads    = flag.Int("heads", 100_000, "how many heads TestGeneratedHeads makes")
	headSeed = flag.Uint64("seed", 1, "of TestGeneratedHeads")
)

// generator makes heads that are nearly right, by the grammar with a fault
// here and there, so that most come far.
type generator struct {
	r *rand.Rand
	b []byte
}

var (
	someMethods = []string{"GET", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS"}
	oddMethods  = []string{"", "get", "TRACE", "CONNECT", "PRI", "GETX", "G\x00T", "GE", "PROPFIND"}
	someTargets = []string{"/", "/a", "/a/b", "/a?b", "/a?", "/%61", "//a", "/a/../b", "/a;b", "/*", "/a?b=c&d=%zz", "/a:b", "/\\", "/a=b@c"}
	oddTargets  = []string{"", "*", "a", "http://h/", "http://g/?a", "h:80", "/a b", "/a#b", "/%", "/%4", "/%zz", "/\x00", "/\x7f", "/\xc3\xa9", "/a?\xff", "?", "https:/a", "/a\t", "//:b", "/a\r"}
	oddVersions = []string{"HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", " HTTP/1.1", "http/1.1", "HTTP/1.10", "HTTP/01.1", "", "HTTP/1.1\t", "HTTP/1,1"}
	someHosts   = []string{"h", "h:80", "[::1]", "a.b.c", "1.2.3.4:5", "a_b", "h.", "a:b:c", "]"}
	oddHosts    = []string{"", "a b", "a/b", "u@h", "a,b", "a%41", "\xc3\xa9", "h#", "h?x", "h\\", "h;"}
	someNames   = []string{"X", "Accept", "x-y", "X_Y", "ACCEPT", "Cookie", "Pragma", "Cache-Control", "Authorization", "TE", "Keep-Alive", "!#$", "1", "Content-Type", "Content_Length", "Host_", "User-Agent"}
	oddNames    = []string{"", "X ", " X", "X\t", "X Y", "X(", "X\x00", "\xe9", "X\r", "Expect", "Upgrade", "Trailer", "Transfer-Encoding", "transfer-encoding", "Host", "hoSt", "Content-Length", "Connection", "Content-length", "Transfer-Encoding\x0b"}
	someValues  = []string{"", "a", "a b", "no-cache", "close", "gzip, br", "text/html;q=0.9", "\"q\"", "a\tb", "Bearer x.y", "0", "5", "x: y", "keep-alive", "~", "{}"}
	oddValues   = []string{"a\x00", "a\rb", "\xe9", "a\x0b", "\x7f", "a\nb", "a\r\n b", "chunked", "\x01", "a\r\n\tb", "100-continue", "h2c"}
	someLengths = []string{"0", "1", "5", "005", "10", "000000000000000000", "999999999999999999"}
	oddLengths  = []string{"", "+5", "-1", "0x5", "5,5", "5 5", "5_0", "18446744073709551616", "9223372036854775808", "1e1", "５", "5;", "\x005"}
	someOptions = []string{"close", "keep-alive", "X", "Close", "", "close, X", "X,close", "te", ",", ", ,close"}
	oddOptions  = []string{"upgrade", "Upgrade, close", "a b", "\"close\"", "close;q", "close\x00", "cl ose", "close close"}
	someSpaces  = []string{" ", " ", " ", "", "\t", "  ", " \t "}
	oddEnds     = []string{"\n", "\r", "\r\r\n", "\n\r\n", "\r\n\r\n", " \r\n", "", "\r\n ", "\x00\r\n", "\n\n"}
	bodies      = []string{"", "hello", "0123456789", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n", "0\r\n\r\n"}
	oddBytes    = []byte("\r\n\t :,;?#%/\\\x00\x0b\x7f\x80\xff\"aA0-_+.\x1f")
)

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.r.IntN(n) == 0 }

func (g *generator) of(texts []string) { g.b = append(g.b, texts[g.r.IntN(len(texts))]...) }

// either takes a fault once in 40 times.
func (g *generator) either(right, odd []string) {
	if g.chance(40) {
		g.of(odd)
		return
	}
	g.of(right)
}

func (g *generator) lineEnd() {
	if g.chance(100) {
		g.of(oddEnds)
		return
	}
	g.b = append(g.b, "\r\n"...)
}

func (g *generator) field(name string, right, odd []string) {
	g.b = append(append(g.b, name...), ':')
	g.of(someSpaces)
	g.either(right, odd)
	if g.chance(8) {
		g.of(someSpaces)
	}
	g.lineEnd()
}

func (g *generator) next() []byte {
	g.b = g.b[:0]
	if g.chance(200) {
		g.of(oddEnds)
	}
	g.either(someMethods, oddMethods)
	g.b = append(g.b, ' ')
	g.either(someTargets, oddTargets)
	g.b = append(g.b, ' ')
	g.either([]string{"HTTP/1.1"}, oddVersions)
	g.lineEnd()
	hostAt := g.r.IntN(3)
	for i, n := 0, g.r.IntN(5); i <= n || i <= hostAt; i++ {
		switch kind := g.r.IntN(12); {
		case i == hostAt && !g.chance(60):
			g.field("Host", someHosts, oddHosts)
		case kind == 0:
			g.field("Content-Length", someLengths, oddLengths)
		case kind == 1:
			g.field("Connection", someOptions, oddOptions)
		case g.chance(30):
			g.field(oddNames[g.r.IntN(len(oddNames))], someValues, oddValues)
		default:
			g.field(someNames[g.r.IntN(len(someNames))], someValues, oddValues)
		}
	}
	g.lineEnd()
	g.of(bodies)
	if g.chance(4) {
		g.mutate()
	}
	return g.b
}

// mutate changes, takes out, or doubles something anywhere.
func (g *generator) mutate() {
	for range 1 + g.r.IntN(2) {
		if len(g.b) == 0 {
			return
		}
		at := g.r.IntN(len(g.b))
		switch g.r.IntN(4) {
		case 0:
			g.b[at] = oddBytes[g.r.IntN(len(oddBytes))]
		case 1:
			g.b[at] ^= 1 << g.r.IntN(8)
		case 2:
			g.b = append(g.b[:at], g.b[min(at+1+g.r.IntN(4), len(g.b)):]...)
		default:
			end := min(at+1+g.r.IntN(8), len(g.b))
			piece := append([]byte(nil), g.b[at:]...)
			g.b = append(g.b[:end], piece...)
		}
	}
}

func TestGeneratedHeadsAreReadAsNetHTTPReadsThem(t *testing.T) {
	g, o := &generator{r: rand.New(rand.NewPCG(*headSeed, 0))}, newOracle()
	for range *heads {
		b := g.next()
		err := o.check(b)
		if err == nil && len(b) > 0 {
			err = o.checkSplit(b, g.r.IntN(len(b)))
		}
		if err != nil {
			t.Errorf("%v: %q", err, b)
		}
	}
	t.Logf("%d heads, of which %d were understood", o.seen.all, o.seen.complete)
	if o.seen.complete < o.seen.all/4 {
		t.Errorf("only %d of %d heads were understood", o.seen.complete, o.seen.all)
	}
}
