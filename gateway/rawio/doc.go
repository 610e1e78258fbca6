// Package rawio reads and writes sockets that never block, past the runtime's
// scheduler. Package syscall tells the scheduler of every call, in case it
// waits; then the runtime's watcher looks after it, and hands the processor to
// another thread if the kernel takes twenty microseconds. A socket that does
// not block returns at once, so that all of this is for nothing: a write and
// its read on loopback cost 0.5 us less here, of 4.6, and a proxy on one
// processor no longer switches threads (docs/performance.md).
//
// The caller vouches for the descriptor: it is a socket in non-blocking mode,
// and held open while it is used, as within a callback of syscall.RawConn. It
// knows no deadline and waits for nothing: EAGAIN is an answer like any other.
// Conn is for those who want a net.Conn, and waits as one does.
package rawio
