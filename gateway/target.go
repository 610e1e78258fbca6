package gateway

import (
	"strings"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/route"
)

const (
	// pseudonym names this gateway in Via (RFC 9110 section 7.6.3).
	pseudonym = "scopegate"
	// maxPasses is how often a request may have passed a scopegate already; a
	// few in a row are a topology, more are a loop (RFC 9110 section 7.6).
	maxPasses = 4
)

// readTarget is step 1: one reading of host and path, or none.
func (p *passage) readTarget() authz.Reason {
	x := p.x
	switch x.Method {
	case "CONNECT":
		// What follows is for the host that it names, not for us (RFC 9110
		// section 9.3.6, RFC 9931).
		x.Answer.CloseAfter()
		return authz.ReasonMethodNotAllowed
	case "OPTIONS":
		if x.Path == "*" && !x.HasQuery {
			return p.answerEmpty(authz.ReasonPublic)
		}
	}
	if !hostsAgree(x.TargetAuthority, x.Host) {
		return authz.ReasonHostMismatch
	}
	if timesPassed(x.Fields) >= maxPasses {
		return authz.ReasonLoop
	}
	var err *route.PathError
	if p.path, err = route.Canonical(x.Path); err != nil {
		p.badPath = err
		return authz.ReasonBadPath
	}
	return authz.ReasonNone
}

// hostsAgree compares the authority of an absolute-form target with Host: two
// hosts in one request are two readings of it.
func hostsAgree(authority, host string) bool {
	if authority == "" {
		return true
	}
	target, ok := route.CanonicalHost(authority)
	if !ok || host == "" {
		return ok
	}
	host, ok = route.CanonicalHost(host)
	return ok && host == target
}

// host returns the Host that the route is found by.
func (p *passage) host() string {
	if p.x.Host == "" {
		return p.x.TargetAuthority
	}
	return p.x.Host
}

// findRoute is step 2.
func (p *passage) findRoute() authz.Reason {
	if asked, ok := p.preflightMethod(); ok {
		p.match = p.snap.table.MatchPreflight(p.host(), &p.path, asked)
		if p.match.Outcome == route.Found {
			p.record.preflight = true
			p.guard = p.snap.guards[p.match.Route.Index]
			return authz.ReasonNone
		}
	}
	p.match = p.snap.table.Match(p.host(), p.x.Method, &p.path)
	switch p.match.Outcome {
	case route.Found:
		p.guard = p.snap.guards[p.match.Route.Index]
		return authz.ReasonNone
	case route.MethodNotAllowed:
		return authz.ReasonMethodNotAllowed
	case route.EncodedSlashRefused:
		p.badPath = p.path.RefuseEncodedSlash()
		return authz.ReasonBadPath
	case route.BadHost:
		return authz.ReasonBadRequest
	}
	return authz.ReasonNoRoute
}

// checkAddress looks at the route's list of addresses.
func (p *passage) checkAddress() authz.Reason {
	if !p.guard.addresses.Permits(p.origin.Client) {
		return authz.ReasonAddressNotAllowed
	}
	return authz.ReasonNone
}

// timesPassed counts this gateway's pseudonym in Via.
func timesPassed(fields []exchange.Field) (n int) {
	for i := range fields {
		if !exchange.EqualName(fields[i].Name, "Via") {
			continue
		}
		for rest := fields[i].Value; rest != ""; {
			var element string
			element, rest, _ = strings.Cut(rest, ",")
			_, by, _ := strings.Cut(strings.Trim(element, " \t"), " ")
			by, _, _ = strings.Cut(strings.TrimLeft(by, " \t"), " ")
			if exchange.EqualName(by, pseudonym) {
				n++
			}
		}
	}
	return n
}

// answerEmpty answers 204 in this gateway's own name.
func (p *passage) answerEmpty(reason authz.Reason) authz.Reason {
	p.beginAnswer()
	p.sendAnswer(204, nil)
	return reason
}
