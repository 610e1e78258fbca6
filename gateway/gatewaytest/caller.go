package gatewaytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sentinel is sent behind a case's bytes: if it is answered, the connection
// was kept.
const sentinel = "GET /sentinel HTTP/1.1\r\nHost: gw.example\r\nX-Request-Id: sentinel\r\n\r\n"

var requestLine = regexp.MustCompile(`(?m)^([A-Z]+) \S+ HTTP/1\.[01]\r?$`)

// Talk sends raw bytes on one connection, reads every answer, and tells what
// the caller got in words: the answers, and whether the connection was kept.
func Talk(t testing.TB, addr, raw string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	var methods []string
	for _, m := range requestLine.FindAllStringSubmatch(raw, -1) {
		methods = append(methods, m[1])
	}
	return readAnswers(t, c, methods)
}

func readAnswers(t testing.TB, c net.Conn, methods []string) string {
	var told strings.Builder
	r := bufio.NewReader(c)
	for finals := 0; ; {
		method := http.MethodGet
		if finals < len(methods) {
			method = methods[finals]
		}
		a, err := readAnswer(r, method)
		if err != nil {
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Errorf("no answer and no end: %v", err)
			}
			if finals == 0 && !strings.HasSuffix(a, ended) {
				told.WriteString("(no whole answer)\n")
			}
			told.WriteString(strings.TrimSuffix(a, ended) + "(closed)\n")
			return told.String()
		}
		if strings.Contains(a, "x-request-id: sentinel\n") {
			told.WriteString("(kept)\n")
			return told.String()
		}
		told.WriteString(a)
		if strings.HasPrefix(a, "HTTP/1.1 1") || strings.HasPrefix(a, "HTTP/1.0 1") {
			continue
		}
		if finals++; finals == 1 {
			_, _ = io.WriteString(c, sentinel) // an error shows when reading
		}
	}
}

// readAnswer tells one answer. What came of it before an error is told too.
func readAnswer(r *bufio.Reader, method string) (told string, err error) {
	status, fields, err := readHead(r)
	if err != nil {
		return "", err
	}
	version, rest, _ := strings.Cut(status, " ")
	number, _, _ := strings.Cut(rest, " ") // what follows says nothing (RFC 9112 section 4)
	code, err := strconv.Atoi(number)
	if err != nil {
		return "", err
	}
	told = tell(version+" "+number, fields)
	if code < 200 || code == 204 || code == 304 || method == http.MethodHead {
		return told, nil
	}
	body, framed, err := readBody(r, fields)
	told += normalBody(body)
	switch {
	case err != nil:
		return "", err // how much of it came is the network's affair
	case !framed:
		return told + ended, io.EOF
	}
	return told, nil
}

// ended marks an answer whose end is the connection's.
const ended = "(ended)\n"

// readBody reads content by its framing; without any it ends when it ends.
func readBody(r *bufio.Reader, fields []string) (body string, framed bool, err error) {
	length, chunked := int64(-1), false
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		switch strings.ToLower(name) {
		case "content-length":
			if length, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
				return "", true, err
			}
		case "transfer-encoding":
			chunked = true
		}
	}
	var data []byte
	switch {
	case chunked:
		if data, err = io.ReadAll(httputil.NewChunkedReader(r)); err == nil {
			_, err = r.ReadString('\n')
		}
	case length >= 0:
		data = make([]byte, length)
		var n int
		n, err = io.ReadFull(r, data)
		data = data[:n]
	default:
		data, err = io.ReadAll(r)
		return string(data), false, err
	}
	return string(data), true, err
}

func readHead(r *bufio.Reader) (status string, fields []string, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case status == "":
			status = line
		case line == "":
			return status, fields, nil
		default:
			fields = append(fields, line)
		}
	}
}
