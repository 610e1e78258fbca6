// Command echoproxy is what one would write first: echo, a map of tokens, and
// httputil.ReverseProxy with a tuned Transport. The benchmark compares with
// it; nobody should run it for anything else.
package main
