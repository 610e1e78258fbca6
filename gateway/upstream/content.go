package upstream

import (
	"bytes"
	"context"
	"io"

	"scopegate/authz"
)

const (
	maxChunkLine  = 512     // bytes of one chunk's size with its extensions
	maxExtensions = 8 << 10 // bytes of extensions of one answer
	maxTrailers   = maxHead
)

// content passes the answer's content on as it comes. It ends at the first
// byte behind it; a content that ends early is an error.
func (t *trip) content(ctx context.Context) error {
	switch h := &t.head; {
	case h.bodiless(t.req.Method):
		return nil
	case h.codings > 0:
		return t.chunks(ctx)
	case h.lengths > 0:
		return t.pass(ctx, h.length)
	default:
		return t.untilClose(ctx)
	}
}

// pass passes n bytes on.
func (t *trip) pass(ctx context.Context, n int64) error {
	for n > 0 {
		if err := t.want(ctx); err != nil {
			return err
		}
		p := t.buf[t.r:t.w]
		if int64(len(p)) > n {
			p = p[:n]
		}
		t.r += len(p)
		n -= int64(len(p))
		if err := t.write(p); err != nil {
			return err
		}
	}
	return nil
}

func (t *trip) untilClose(ctx context.Context) error {
	for {
		if t.r == t.w {
			t.r, t.w = 0, 0
			switch err := t.fill(ctx); {
			case err == io.EOF:
				return nil
			case err != nil:
				return readFailure(err, true)
			}
		}
		p := t.buf[t.r:t.w]
		t.r = t.w
		if err := t.write(p); err != nil {
			return err
		}
	}
}

// chunks decodes a chunked content (RFC 9112 section 7.1). Trailers are
// checked and dropped (STANDARDS H-37 for answers).
func (t *trip) chunks(ctx context.Context) error {
	extensions := 0
	for {
		line, err := t.line(ctx, maxChunkLine)
		if err != nil {
			return err
		}
		size, digits, err := chunkSize(line)
		if err != nil {
			return err
		}
		if extensions += len(line) - digits; extensions > maxExtensions {
			return garbage("over %d bytes of chunk extensions", maxExtensions)
		}
		if size == 0 {
			return t.trailers(ctx)
		}
		if err := t.pass(ctx, size); err != nil {
			return err
		}
		if line, err = t.line(ctx, maxChunkLine); err != nil {
			return err
		} else if len(line) != 0 {
			return garbage("a chunk is longer than its size")
		}
	}
}

// chunkSize parses 1*HEXDIG [ *( BWS ";" ... ) ]; extensions are skipped.
func chunkSize(line []byte) (size int64, digits int, err error) {
	for digits < len(line) {
		v := hexDigit(line[digits])
		if v < 0 {
			break
		}
		if digits == 16 || size > maxLength>>4 {
			return 0, 0, garbage("chunk size %.40q", line)
		}
		size = size<<4 | int64(v)
		digits++
	}
	rest := trim(line[digits:])
	if digits == 0 || digits < len(line) && (len(rest) == 0 || rest[0] != ';') {
		return 0, 0, garbage("chunk size %.40q", line)
	}
	for _, c := range rest {
		if c < ' ' && c != '\t' || c == 0x7f {
			return 0, 0, garbage("chunk extension %.40q", rest)
		}
	}
	return size, digits, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (t *trip) trailers(ctx context.Context) error {
	for room := maxTrailers; ; {
		line, err := t.line(ctx, room)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			return nil
		}
		room -= len(line) + 2
		if colon := bytes.IndexByte(line, ':'); colon <= 0 || !isToken(lend(line[:colon])) || !cleanValue(line) {
			return garbage("trailer %.40q", line)
		}
	}
}

// line reads one line of at most limit bytes and returns it without its CRLF.
// It lies in the buffer until the next read.
func (t *trip) line(ctx context.Context, limit int) ([]byte, error) {
	for seen := 0; ; {
		p := t.buf[t.r:t.w]
		if i := bytes.IndexByte(p[seen:], '\n'); i >= 0 {
			end := seen + i
			if end == 0 || p[end-1] != '\r' || end > limit {
				return nil, garbage("a line ends without CR or is too long")
			}
			line := p[:end-1]
			if !cleanValue(line) {
				return nil, garbage("a line holds CR or NUL")
			}
			t.r += end + 1
			return line, nil
		}
		if seen = len(p); seen > limit {
			return nil, garbage("a line is too long")
		}
		t.compact()
		if err := t.fill(ctx); err != nil {
			return nil, readFailure(err, true)
		}
	}
}

// want makes sure that the buffer holds content.
func (t *trip) want(ctx context.Context) error {
	if t.r < t.w {
		return nil
	}
	t.r, t.w = 0, 0
	if err := t.fill(ctx); err != nil {
		return readFailure(err, true)
	}
	return nil
}

// compact moves what is not read yet to the buffer's start.
func (t *trip) compact() {
	t.w = copy(t.buf, t.buf[t.r:t.w])
	t.r = 0
}

// write passes content on; it stays in the front's buffer until flushed.
func (t *trip) write(p []byte) error {
	n, err := t.answer.Write(p)
	t.clock = 0
	t.outcome.Bytes += int64(n)
	t.dirty = true
	if err != nil {
		return fail(authz.ReasonClientGone, err)
	}
	return nil
}
