package gateway

import (
	"strings"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// maxConnectionOptions is how many fields Connection may name; nobody needs
// more, and each is looked for among all fields.
const maxConnectionOptions = 16

// prepare makes the upstream's request of the caller's.
func (p *passage) prepare() authz.Reason {
	x, g := p.x, p.guard
	p.request.Method, p.request.BodyLength = x.Method, x.BodyLength
	p.request.ResponseTimeout, p.request.IdleTimeout = g.responseTimeout, g.idleTimeout
	if g.preserveHost {
		p.request.Host = p.host()
	}
	if reason := p.prepareBody(); reason != authz.ReasonNone {
		return reason
	}
	if reason := p.prepareTarget(); reason != authz.ReasonNone {
		return reason
	}
	p.prepareUpgrade()
	return p.prepareFields()
}

func (p *passage) prepareBody() authz.Reason {
	x, limit := p.x, p.guard.bodyLimit
	if x.Body == nil {
		return authz.ReasonNone
	}
	p.request.Body = x.Body
	switch {
	case limit == 0:
	case x.BodyLength > limit:
		return authz.ReasonBodyTooLarge
	case x.BodyLength == exchange.UnknownLength:
		p.body = boundedBody{x.Body, limit}
		p.request.Body = &p.body
	}
	return authz.ReasonNone
}

// prepareTarget writes the target in origin-form: the rewritten path, and the
// query byte for byte.
func (p *passage) prepareTarget() authz.Reason {
	path := p.path.Raw
	if rw := p.guard.route.Rewrite; rw != nil {
		var err error
		if path, err = rw.Target(&p.match); err != nil {
			p.g.Log.Warn("rewritten path refused", "route", p.guard.route.Name, "error", err, "request_id", p.id)
			return authz.ReasonBadPath
		}
	}
	p.request.Target = path
	if p.x.HasQuery {
		from := p.scratch.mark()
		p.scratch.b = append(p.scratch.b, path...)
		p.scratch.b = append(p.scratch.b, '?')
		p.scratch.b = append(p.scratch.b, p.x.Query...)
		p.request.Target = p.scratch.text(from)
	}
	return authz.ReasonNone
}

// prepareUpgrade lets a websocket handshake through where the route takes
// one: an HTTP/1.1 GET without content (RFC 6455 section 4.1). Any other
// Upgrade is ignored, as RFC 9110 section 7.8 allows.
func (p *passage) prepareUpgrade() {
	x := p.x
	if !p.guard.websocket || x.Upgrade != "websocket" || x.Method != "GET" || x.Body != nil || x.Proto != exchange.HTTP11 {
		return
	}
	p.request.Upgrade = x.Upgrade
	if _, ok := p.permit.Principal(); ok {
		p.request.Alive = p.aliveFunc()
	}
}

// prepareFields copies the caller's fields but for those that are not the
// caller's to say, and then sets ours: whatever the caller named in
// Connection, it cannot take away what is set after.
func (p *passage) prepareFields() authz.Reason {
	named, ok := connectionOptions(p.x.Fields)
	if !ok {
		return authz.ReasonBadRequest
	}
	for i := range p.x.Fields {
		f := p.x.Fields[i]
		switch classify(f.Name) {
		case classPass, classVia:
		case classStandard:
			if !plainName(f.Name) {
				continue
			}
		case classAuthorization:
			if !p.guard.forwardAuthorization || !exchange.EqualName(f.Name, "Authorization") {
				continue
			}
		case classMaxForwards:
			if !plainName(f.Name) {
				continue
			}
			if p.x.Method == "OPTIONS" {
				if f.Value, ok = p.oneForwardLess(f.Value); !ok {
					return p.answerAllow()
				}
			}
		default:
			continue
		}
		if named.has(f.Name) || p.guard.request.drop.has(f.Name) {
			continue
		}
		p.fields = append(p.fields, f)
	}
	p.appendOwnFields()
	if reason := p.setAssertion(); reason != authz.ReasonNone {
		return reason
	}
	p.request.Fields = p.fields
	return authz.ReasonNone
}

// optionList is what the Connection fields name.
type optionList struct {
	names [maxConnectionOptions]string
	n     int
}

func (l *optionList) has(name string) bool {
	for i := range l.n {
		if exchange.EqualName(l.names[i], name) {
			return true
		}
	}
	return false
}

// connectionOptions lists the fields that Connection names, without the usual
// options that name none. ok is false if there are too many.
func connectionOptions(fields []exchange.Field) (l optionList, ok bool) {
	for i := range fields {
		if !exchange.EqualName(fields[i].Name, "Connection") {
			continue
		}
		for rest := fields[i].Value; rest != ""; {
			var option string
			option, rest, _ = strings.Cut(rest, ",")
			option = strings.Trim(option, " \t")
			if option == "" || exchange.EqualName(option, "keep-alive") || exchange.EqualName(option, "close") || exchange.EqualName(option, "upgrade") {
				continue
			}
			if l.n == len(l.names) {
				return l, false
			}
			l.names[l.n] = option
			l.n++
		}
	}
	return l, true
}

// oneForwardLess counts Max-Forwards down (RFC 9110 section 7.6.2); ok is
// false if the request may go no further. What is not a number is left alone.
func (p *passage) oneForwardLess(value string) (_ string, ok bool) {
	n := 0
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' || len(value) > 9 {
			return value, true
		}
		n = n*10 + int(value[i]-'0')
	}
	if value == "" {
		return value, true
	}
	if n == 0 {
		return value, false
	}
	return p.number(int64(n - 1)), true
}
