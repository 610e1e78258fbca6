// Package assertion signs who is calling, for backends that verify what the
// gateway tells them instead of trusting the network between: short-lived JSON
// Web Signatures (RFC 7515) with the claims of a JWT (RFC 7519), bound to one
// audience, one method and one path.
//
// It owns the signing keys, their life from first publication to retirement,
// and the public JSON Web Key Set (RFC 7517) by which others verify. It knows no
// HTTP, no clock of its own and no file: time and storage are handed in. It
// never reads an assertion: scopegate believes none.
package assertion
