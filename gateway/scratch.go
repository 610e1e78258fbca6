package gateway

import "unsafe"

// maxScratch is how much memory a passage keeps for the next one.
const maxScratch = 16 << 10

// scratch is memory for the texts that one request needs and nobody after it.
// A text stays good until reset, also when the memory moved meanwhile.
type scratch struct{ b []byte }

// mark is where the next text begins.
func (s *scratch) mark() int { return len(s.b) }

// text returns what was appended to b since the mark, without copying it:
// nothing writes there again before reset.
func (s *scratch) text(from int) string {
	if from == len(s.b) {
		return ""
	}
	return unsafe.String(&s.b[from], len(s.b)-from)
}

func (s *scratch) reset() {
	if cap(s.b) > maxScratch {
		s.b = nil
	}
	s.b = s.b[:0]
}
