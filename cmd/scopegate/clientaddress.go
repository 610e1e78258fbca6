package main

import (
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"scopegate/gateway/exchange"
	"scopegate/gateway/forwarded"
)

// clientAddress tells the fixed endpoints where a request comes from, just as
// the gateway reads it: the peer, unless it is a trusted proxy.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	return func(r *http.Request) string {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			return ""
		}
		x := exchange.Exchange{Peer: peer}
		for _, value := range r.Header.Values("X-Forwarded-For") {
			x.Fields = append(x.Fields, exchange.Field{Name: "X-Forwarded-For", Value: value})
		}
		var origin forwarded.Origin
		origin.Read(&x, trusted)
		return origin.Client.String()
	}
}
