package main

import (
	"bufio"
	"crypto/sha256"
	"flag"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen at")
	upstream := flag.String("upstream", "", "address to forward to")
	tokens := flag.String("tokens", "", "file of the tokens that may pass, one a line")
	cert := flag.String("cert", "", "certificate file, to serve TLS and HTTP/2")
	key := flag.String("key", "", "its key file")
	flag.Parse()
	known, err := readTokens(*tokens)
	if err != nil {
		log.Fatal(err)
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	proxy := newProxy(&url.URL{Scheme: "http", Host: *upstream})
	e.Any("/*", func(c echo.Context) error {
		token, ok := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
		if !ok || !known[sha256.Sum256([]byte(token))] {
			c.Response().Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			return c.NoContent(http.StatusUnauthorized)
		}
		proxy.ServeHTTP(c.Response(), c.Request())
		return nil
	})
	if *cert != "" {
		log.Fatal(e.StartTLS(*listen, *cert, *key))
	}
	log.Fatal(e.Start(*listen))
}

func readTokens(name string) (map[[sha256.Size]byte]bool, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known := map[[sha256.Size]byte]bool{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		known[sha256.Sum256(lines.Bytes())] = true
	}
	return known, lines.Err()
}

// newProxy is httputil.ReverseProxy with what is known to make it faster: idle
// connections enough for all callers, no compression, buffers used again.
func newProxy(target *url.URL) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Authorization")
			r.Out.Header.Set("X-Principal-Client-Id", "bench")
			r.Out.Header.Set("X-Principal-Scopes", "bench.read bench.write")
		},
		Transport: &http.Transport{
			MaxIdleConns:        1024,
			MaxIdleConnsPerHost: 1024,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
			ReadBufferSize:      8 << 10,
			WriteBufferSize:     8 << 10,
		},
		BufferPool: &buffers{},
	}
}

// buffers is an httputil.BufferPool.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
