package gateway

import (
	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// cors is a route's answer to browsers of other origins (Fetch standard,
// section 3.3).
type cors struct {
	origins     map[string]struct{}
	anyOrigin   bool
	methods     string
	headers     string
	expose      string
	credentials bool
	maxAge      string
}

// allows reports whether pages of the origin may read answers. Origins are
// compared byte for byte, as browsers write them.
func (c *cors) allows(origin string) bool {
	if c.anyOrigin {
		return origin != ""
	}
	_, ok := c.origins[origin]
	return ok
}

// preflightMethod returns the method that a preflight asks for; ok is false
// for any other request.
func (p *passage) preflightMethod() (method string, ok bool) {
	if p.x.Method != "OPTIONS" {
		return "", false
	}
	if _, ok := exchange.Get(p.x.Fields, "Origin"); !ok {
		return "", false
	}
	return exchange.Get(p.x.Fields, "Access-Control-Request-Method")
}

func (p *passage) isPreflight() bool { return p.record.preflight }

// answerPreflight answers without a token, since browsers send none. An origin
// that is not allowed reads no CORS field, which is the refusal.
func (p *passage) answerPreflight() authz.Reason {
	c := p.guard.cors
	p.beginAnswer()
	p.add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	if origin, _ := exchange.Get(p.x.Fields, "Origin"); c.allows(origin) {
		p.addOrigin(c, origin)
		p.add("Access-Control-Allow-Methods", c.methods)
		p.add("Access-Control-Allow-Headers", c.headers)
		if c.maxAge != "" {
			p.add("Access-Control-Max-Age", c.maxAge)
		}
	}
	p.sendAnswer(204, nil)
	return authz.ReasonPreflight
}

// addCORS adds the fields of an answer that is not a preflight's.
func (p *passage) addCORS(c *cors) {
	if c == nil {
		return
	}
	if !c.anyOrigin || c.credentials {
		p.add("Vary", "Origin")
	}
	origin, _ := exchange.Get(p.x.Fields, "Origin")
	if !c.allows(origin) {
		return
	}
	p.addOrigin(c, origin)
	if c.expose != "" {
		p.add("Access-Control-Expose-Headers", c.expose)
	}
}

func (p *passage) addOrigin(c *cors, origin string) {
	if c.anyOrigin && !c.credentials {
		origin = "*"
	}
	p.add("Access-Control-Allow-Origin", origin)
	if c.credentials {
		p.add("Access-Control-Allow-Credentials", "true")
	}
}

// isCORSField tells the fields that a route with CORS answers itself: the
// upstream's go, or a browser would read two policies.
func isCORSField(name string) bool {
	const family = "access-control-"
	return len(name) > len(family) && exchange.EqualName(name[:len(family)], family)
}
