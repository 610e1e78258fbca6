package forwarded

import "net/netip"

// AppendFor appends the value of X-Forwarded-For: the client first, then the
// proxies that vouched, the connection's peer last.
func (o *Origin) AppendFor(b []byte) []byte {
	for i := o.count - 1; i >= 0; i-- {
		b = o.hops[i].AppendTo(b)
		b = append(b, ", "...)
	}
	return o.Peer.Addr().AppendTo(b)
}

// AppendForwarded appends the value of Forwarded (RFC 7239): one element for
// each address of AppendFor, the protocol and host with the client's.
func (o *Origin) AppendForwarded(b []byte) []byte {
	for i := o.count - 1; i >= 0; i-- {
		b = appendNode(b, o.hops[i])
		if i == o.count-1 {
			b = o.appendSeen(b)
		}
		b = append(b, ", "...)
	}
	b = appendNode(b, o.Peer.Addr())
	if o.count == 0 {
		b = o.appendSeen(b)
	}
	return b
}

// appendNode writes for=; an IPv6 address is bracketed and quoted (RFC 7239
// section 6).
func appendNode(b []byte, addr netip.Addr) []byte {
	b = append(b, "for="...)
	switch {
	case !addr.IsValid():
		return append(b, "unknown"...) // a Unix socket's peer; RFC 7239 section 6.2
	case addr.Is4():
		return addr.AppendTo(b)
	}
	b = append(b, `"[`...)
	b = addr.AppendTo(b)
	return append(b, `]"`...)
}

func (o *Origin) appendSeen(b []byte) []byte {
	b = append(b, ";proto="...)
	b = append(b, o.Proto...)
	if o.Host == "" {
		return b
	}
	b = append(b, ";host="...)
	return appendValue(b, o.Host)
}

// appendValue writes a token, or a quoted-string that its text cannot leave
// (RFC 7239 section 4).
func appendValue(b []byte, s string) []byte {
	if isToken(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20 && c < 0x7f:
			b = append(b, c)
		default:
			b = append(b, '?')
		}
	}
	return append(b, '"')
}

// isToken reports whether s may stand unquoted (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}
