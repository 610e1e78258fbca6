// Package wire is the fast front: it reads plain HTTP/1.1 requests itself and
// hands every connection that it does not fully understand, with the bytes
// already read, to net/http.
//
// It accepts a narrow grammar: HTTP/1.1, a known method, an origin-form target
// of printable characters, a head that fits one buffer, clean field names and
// values, exactly one Host, at most one Content-Length, and no
// Transfer-Encoding, Upgrade, Expect or Trailer. It never guesses. What it
// accepts, net/http reads the same way, which a differential fuzz checks.
//
// Requests for the reserved paths go to an http.Handler, if they are small and
// plain enough for it to see what net/http would have shown it.
//
// It owns the connections until it hands them over, their time-outs and their
// draining. It refuses to know routes and policy: the same pipeline judges
// what any front reads.
//
// It serves RFC 9112 from the server's side.
package wire
