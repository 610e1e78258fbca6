package gateway_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"scopegate/gateway/gatewaytest"
)

// startEcho is a backend that switches to websocket and then returns every
// byte that it gets.
func startEcho(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		for line := ""; line != "\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
		_, _ = io.Copy(c, r) // ends with the connection
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestATunnelRunsUntilItsTokenIsRevoked(t *testing.T) {
	h := gatewaytest.New(t, `
version: 1
scopes: { a:read: Read }
upstreams: { legacy: { endpoints: [{ url: "http://`+startEcho(t)+`" }] } }
routes:
  - { name: socket, path: /socket, methods: [GET], websocket: true, require: { scopes: [a:read] }, upstream: legacy }
`)
	c, err := net.Dial("tcp", gatewaytest.StartHTTP(t, h.Gateway))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(gatewaytest.Patience)); err != nil {
		t.Fatal(err)
	}
	// What follows the head at once belongs to the tunnel.
	request := "GET /socket HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer " + gatewaytest.TokenText("read") +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\nearly\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("%v behind %q", err, head.String())
		}
		head.WriteString(line)
	}
	if !strings.HasPrefix(head.String(), "HTTP/1.1 101 ") || !strings.Contains(head.String(), "Sec-WebSocket-Accept: x\r\n") {
		t.Fatalf("head: %q", head.String())
	}
	expect := func(want string) {
		t.Helper()
		if got, err := r.ReadString('\n'); got != want {
			t.Fatalf("got %q (%v), want %q", got, err, want)
		}
	}
	expect("early\n")
	if _, err := io.WriteString(c, "late\n"); err != nil {
		t.Fatal(err)
	}
	expect("late\n")
	h.World.Revoke("read")
	if _, err := r.ReadByte(); err == nil {
		t.Error("the tunnel is open though its token was revoked")
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Error("the tunnel stayed open though its token was revoked")
	}
}
