// Command soak keeps scopegate saturated for a while (ten minutes unless -for
// says otherwise) with all that callers bring about at once: forwarded
// requests, refusals, chunked uploads over net/http's front, and tokens. It
// samples memory, descriptors and goroutines, and in the end compares what the
// callers got with what the metrics count. See docs/performance.md.
//
// It runs on Linux; elsewhere the package is empty.
package main
