package diff

import (
	"fmt"
	"net/netip"
	"slices"

	"scopegate/gateway/config"
)

// options compares what else a route lets pass.
func (c *changer) options(old, next *config.RouteConfig) {
	for _, o := range []struct {
		old, next bool
		opened    string
		shut      string
	}{
		{old.WebSocket, next.WebSocket, "takes WebSocket handshakes", "does not take WebSocket handshakes any more"},
		{old.AllowEncodedSlash, next.AllowEncodedSlash, "takes encoded slashes", "refuses encoded slashes"},
		{old.ForwardAuthorization, next.ForwardAuthorization, "shows the caller's token to the backend", "does not show the caller's token to the backend any more"},
	} {
		switch {
		case o.next && !o.old:
			c.say(Widens, c.who+" "+o.opened)
		case o.old && !o.next:
			c.say(Narrows, c.who+" "+o.shut)
		}
	}
	c.addresses(old.Addresses, next.Addresses)
	c.cors(old.CORS, next.CORS)
}

func (c *changer) addresses(old, next config.Addresses) {
	if !addressesWithin(next, old) {
		c.say(Widens, fmt.Sprintf("%s lets more addresses in (allow %s, deny %s)", c.who, orNone(next.Allow, "all"), orNone(next.Deny, "none")))
	}
	if !addressesWithin(old, next) {
		c.say(Narrows, fmt.Sprintf("%s lets fewer addresses in (allow %s, deny %s)", c.who, orNone(next.Allow, "all"), orNone(next.Deny, "none")))
	}
}

// addressesWithin reports whether each address of inner is surely one of outer.
func addressesWithin(inner, outer config.Addresses) bool {
	covered := func(p netip.Prefix, by []netip.Prefix) bool {
		return slices.ContainsFunc(by, func(b netip.Prefix) bool { return b.Bits() <= p.Bits() && b.Contains(p.Addr()) })
	}
	for _, p := range outer.Deny {
		if !covered(p, inner.Deny) {
			return false
		}
	}
	if len(outer.Allow) == 0 {
		return true
	}
	for _, p := range inner.Allow {
		if !covered(p, outer.Allow) && !covered(p, inner.Deny) {
			return false
		}
	}
	return len(inner.Allow) > 0
}

func orNone(list []netip.Prefix, none string) string {
	if len(list) == 0 {
		return none
	}
	return fmt.Sprint(list)
}

func (c *changer) cors(old, next *config.CORS) {
	var none config.CORS
	if old == nil {
		old = &none
	}
	if next == nil {
		next = &none
	}
	if !slices.Contains(old.AllowOrigins, "*") {
		for _, origin := range added(old.AllowOrigins, next.AllowOrigins) {
			c.say(Widens, fmt.Sprintf("%s answers pages of %s", c.who, origin))
		}
	}
	if !slices.Contains(next.AllowOrigins, "*") {
		for _, origin := range added(next.AllowOrigins, old.AllowOrigins) {
			c.say(Narrows, fmt.Sprintf("%s does not answer pages of %s any more", c.who, origin))
		}
	}
	if len(old.AllowOrigins) == 0 || len(next.AllowOrigins) == 0 {
		return // said
	}
	more := append(added(old.AllowMethods, next.AllowMethods), added(old.AllowHeaders, next.AllowHeaders)...)
	more = append(more, added(old.ExposeHeaders, next.ExposeHeaders)...)
	fewer := append(added(next.AllowMethods, old.AllowMethods), added(next.AllowHeaders, old.AllowHeaders)...)
	fewer = append(fewer, added(next.ExposeHeaders, old.ExposeHeaders)...)
	if next.AllowCredentials && !old.AllowCredentials {
		more = append(more, "credentials")
	}
	if old.AllowCredentials && !next.AllowCredentials {
		fewer = append(fewer, "credentials")
	}
	if len(more) > 0 {
		c.say(Widens, fmt.Sprintf("%s lets pages of other origins use %v", c.who, more))
	}
	if len(fewer) > 0 {
		c.say(Narrows, fmt.Sprintf("%s does not let pages of other origins use %v any more", c.who, fewer))
	}
}
