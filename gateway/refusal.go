package gateway

import (
	"scopegate/authz"
)

// beginAnswer begins the head of an answer of our own.
func (p *passage) beginAnswer() {
	p.answer = p.answer[:0]
	p.add("X-Request-Id", p.id)
}

// sendAnswer is the one place that writes answers of our own. Fronts add Date.
func (p *passage) sendAnswer(status int, body []byte) {
	p.record.status = status
	a := p.x.Answer
	if err := a.Begin(status, p.answer, int64(len(body))); err != nil {
		a.Abort()
		return
	}
	if p.x.Method != "HEAD" && len(body) > 0 {
		n, err := a.Write(body)
		p.record.bytes = int64(n)
		if err != nil {
			a.Abort()
			return
		}
	}
	if a.End() != nil {
		a.Abort()
	}
}

// answerAllow answers an OPTIONS that may go no further (RFC 9110 section 7.6.2).
func (p *passage) answerAllow() authz.Reason {
	p.beginAnswer()
	p.add("Allow", p.guard.allow)
	p.sendAnswer(204, nil)
	return p.decision.Reason
}

// refuse writes the problem (RFC 9457) that the caller reads. Its text holds
// nothing of the caller's making but the path that was refused, escaped.
func (p *passage) refuse(reason authz.Reason) {
	status := reason.Status()
	if status < 400 || status == 499 {
		status = authz.ReasonInternal.Status()
	}
	p.beginAnswer()
	p.add("Content-Type", "application/problem+json")
	p.add("Cache-Control", "no-store")
	p.add("X-Scopegate-Error", reason.PublicError())
	p.addReasonFields(reason)
	p.addCORS(p.corsOfRefusal())
	if reason == authz.ReasonBodyTooLarge {
		p.x.Answer.CloseAfter() // whatever of the body is still on its way is not read
	}
	from := p.scratch.mark()
	p.scratch.b = p.appendProblem(p.scratch.b, reason, status)
	p.sendAnswer(status, p.scratch.b[from:])
}

// addReasonFields adds the fields that go with a reason.
func (p *passage) addReasonFields(reason authz.Reason) {
	switch reason {
	case authz.ReasonMethodNotAllowed:
		p.add("Allow", p.match.Allow) // may be empty: RFC 9110 section 15.5.6
	case authz.ReasonRateLimited, authz.ReasonQuotaExceeded:
		p.addRetryAfter()
		p.addRateLimit()
	case authz.ReasonStoreUnavailable, authz.ReasonOverloaded:
		p.add("Retry-After", "1")
	}
	if p.guard != nil {
		if challenge := p.guard.challenges[reason]; challenge != "" {
			p.add("WWW-Authenticate", challenge)
		}
	}
}

// corsOfRefusal finds the CORS settings of a refusal: the route's, or those
// of a route of the same path.
func (p *passage) corsOfRefusal() *cors {
	switch {
	case p.guard != nil:
		return p.guard.cors
	case p.match.Sibling != nil:
		return p.snap.guards[p.match.Sibling.Index].cors
	}
	return nil
}

func (p *passage) appendProblem(b []byte, reason authz.Reason, status int) []byte {
	b = append(b, `{"type":"about:blank","title":`...)
	b = appendJSON(b, reason.Title())
	b = append(b, `,"status":`...)
	b = append(b, byte('0'+status/100), byte('0'+status/10%10), byte('0'+status%10))
	b = append(b, `,"detail":`...)
	b = appendJSON(b, p.detail(reason))
	b = append(b, `,"error":`...)
	b = appendJSON(b, reason.PublicError())
	b = append(b, `,"request_id":`...)
	b = appendJSON(b, p.id)
	return append(b, "}\n"...)
}

// detail says what the caller can do about it.
func (p *passage) detail(reason authz.Reason) string {
	switch reason {
	case authz.ReasonBadPath:
		if p.badPath != nil {
			return p.badPath.Error()
		}
		return "the path cannot be rewritten for the upstream without a second reading"
	case authz.ReasonHostMismatch:
		return "the target's host and the Host field differ"
	case authz.ReasonInsufficientScope:
		return p.guard.needs
	}
	if reason.PublicError() == "invalid_token" {
		return "the access token is unknown, malformed, expired or revoked; ask for a new one"
	}
	return details[reason]
}

var details = map[authz.Reason]string{
	authz.ReasonBadRequest:          "the request cannot be understood",
	authz.ReasonNoRoute:             "no route lies at this host and path",
	authz.ReasonMethodNotAllowed:    "the route does not take this method; see Allow",
	authz.ReasonAddressNotAllowed:   "the route, or the client, may not be used from this address",
	authz.ReasonNoToken:             "send Authorization: Bearer and an access token",
	authz.ReasonInvalidRequest:      "exactly one Authorization field with one bearer token is needed",
	authz.ReasonClientNotAllowed:    "the route is for other clients",
	authz.ReasonRateLimited:         "too many requests; see Retry-After",
	authz.ReasonQuotaExceeded:       "the quota of this period is used up; see Retry-After",
	authz.ReasonBodyTooLarge:        "the body is longer than the route allows",
	authz.ReasonOverloaded:          "too many requests are running; see Retry-After",
	authz.ReasonStoreUnavailable:    "the token cannot be checked at the moment",
	authz.ReasonUpstreamUnavailable: "the upstream cannot be reached",
	authz.ReasonUpstreamError:       "the upstream's answer cannot be used",
	authz.ReasonUpstreamTimeout:     "the upstream did not answer in time",
	authz.ReasonLoop:                "the request has passed here too often",
	authz.ReasonInternal:            "something went wrong here",
}
