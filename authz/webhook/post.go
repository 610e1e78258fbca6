package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"scopegate/authz"
)

const (
	// maxAnswer is how much of a receiver's answer is read, so that its
	// connection can be used again; nobody looks at it.
	maxAnswer = 4 << 10
	// maxErrorText bounds what is kept of why an attempt failed, in bytes.
	maxErrorText = 200
)

// newTransport connects to one receiver: no proxy, nothing that a
// receiver sends is kept beyond small bounds.
func newTransport(h *Hook) *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: h.Timeout}).DialContext,
		TLSClientConfig:     h.TLS.Clone(),
		TLSHandshakeTimeout: h.Timeout, ResponseHeaderTimeout: h.Timeout,
		MaxConnsPerHost: width, MaxIdleConnsPerHost: width, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: 16 << 10, DisableCompression: true, ForceAttemptHTTP2: true,
	}
}

// post makes one attempt. A nil error is an answer of 2xx; other errors hold no
// URL, since that may hold a credential. status is that of the answer; 0: there
// was none.
func (s *sender) post(ctx context.Context, h *Hook, rt http.RoundTripper, d *delivery) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	body, err := d.body(s.client(ctx, d.ClientID))
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the URL cannot be used")
	}
	id, now := d.id(), s.now().Unix()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "scopegate")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now, 10))
	req.Header.Set("Webhook-Signature", sign(h.Keys, id, now, body))
	resp, err := rt.RoundTrip(req) // not a client's Do: redirects are not followed
	if err != nil {
		return 0, withoutAnswer(withoutURL(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Errorf("answered %d", resp.StatusCode)
	}
	return resp.StatusCode, nil
}

// client is whom the event is about, nil where that cannot be read.
func (s *sender) client(ctx context.Context, id authz.ClientID) *authz.Client {
	if id == "" {
		return nil
	}
	c, err := s.store.Client(ctx, id)
	if err != nil {
		return nil
	}
	return &c
}

func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// quoted is what package net/http repeats of an answer.
var quoted = regexp.MustCompile(`"(\\.|[^"\\])*("|$)`)

// withoutAnswer takes out what an error repeats of an answer that is no HTTP:
// an echo of the request, as of a wrong port or of a page that tells what went
// wrong, holds the URL.
func withoutAnswer(err error) error {
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return errors.New("the head of the answer is malformed")
	}
	if text := err.Error(); quoted.MatchString(text) {
		return errors.New(quoted.ReplaceAllString(text, `"..."`))
	}
	return err
}

// errorText is an error as a dead letter keeps it.
func errorText(err error) string {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, err.Error())
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "")
	}
	return text
}
