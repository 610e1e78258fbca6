// Package exchangetest offers an exchange.Answer that remembers what it was
// told, for tests of whoever writes answers. It keeps the contract of Answer
// strictly and refuses what a front might let pass.
package exchangetest
