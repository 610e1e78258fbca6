// Package limit bounds what a caller may take: rates (Bucket, Keyed),
// concurrency (Gate, KeyedGate), quotas per day or month (Quota) and the
// addresses that may call at all (AddressList).
//
// It owns the counting and the words in which a limit is told: a Verdict and
// its Retry-After, RateLimit-Policy and RateLimit fields. Time comes in as a
// value. Memory is bounded, and what one key does never changes another's
// bucket: a flood of new keys cannot make a key in debt be forgotten.
//
// A nil limit is one that is not configured: it lets everything pass.
//
// It refuses to know routes, tokens, reasons, sockets and storage; a caller
// that wants a quota to outlive the process keeps its Snapshot.
//
// It serves RFC 6585 section 4, RFC 9110 section 10.2.3 and
// draft-ietf-httpapi-ratelimit-headers-10.
package limit
