package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// defaultListen is the public listener's address where nobody says otherwise.
const defaultListen = ":8080"

// serveOptions are the flags of `serve`, as given.
type serveOptions struct {
	routes          string
	dataDir         string
	listen          string
	adminListen     string
	tlsCert         string
	tlsKey          string
	trustedProxies  []string
	accessLog       string
	logLevel        string
	logFormat       string
	tokenDurability string
	storeMemory     size
	tokenMemory     size
	diskReserve     size
	lockWait        time.Duration
	drainDelay      time.Duration
	drainTimeout    time.Duration
	front           string
	watch           bool
	demo            bool
}

func (o *serveOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	o.storeMemory, o.tokenMemory, o.diskReserve = 64<<20, 256<<20, 128<<20
	f.StringVar(&o.routes, "routes", "routes.yaml", "the routes file")
	f.StringVar(&o.dataDir, "data-dir", "data", "directory of the store, its keys and the admin socket")
	f.StringVar(&o.listen, "listen", defaultListen, "address of the public listener")
	f.StringVar(&o.adminListen, "admin-listen", "127.0.0.1:8081", "address of the admin listener; empty for the socket alone")
	f.StringVar(&o.tlsCert, "tls-cert", "", "certificate file of the public listener, in PEM")
	f.StringVar(&o.tlsKey, "tls-key", "", "key file of the public listener, in PEM")
	f.StringSliceVar(&o.trustedProxies, "trusted-proxies", nil, "peers (CIDR) whose X-Forwarded-For, -Proto and -Host are believed; Forwarded is written and never read")
	f.StringVar(&o.accessLog, "access-log", "json", "one line for each request on stdout: json, text or off")
	f.StringVar(&o.logLevel, "log-level", "info", "what the log on stderr tells: debug, info, warn or error")
	f.StringVar(&o.logFormat, "log-format", "auto", "form of the log: json, text, or auto (text on a terminal)")
	f.StringVar(&o.tokenDurability, "token-durability", "sync", "sync: an answered token is on disk; relaxed: the last moments of tokens may be lost by a crash")
	f.Var(&o.storeMemory, "store-memory", "memory of the store's caches and tables")
	f.Var(&o.tokenMemory, "token-memory", "memory for live tokens; beyond it checks read the store")
	f.Var(&o.diskReserve, "disk-reserve", "free disk below which issuing and registering stop (503 store_full)")
	f.DurationVar(&o.lockWait, "lock-wait", 30*time.Second, "how long to wait for another process to leave the data directory")
	f.DurationVar(&o.drainDelay, "drain-delay", 0, "how long to serve on, not ready, after SIGTERM")
	f.DurationVar(&o.drainTimeout, "drain-timeout", 30*time.Second, "how long running requests may take to finish after SIGTERM")
	f.StringVar(&o.front, "front", "fast", "who reads plain HTTP/1.1: fast, or net/http for everything")
	f.BoolVar(&o.watch, "watch", true, "reload when the routes file changes")
	f.BoolVar(&o.demo, "demo", false, "show it: a throw-away data directory, a small backend, a client and the commands to try")
	fixed := func(flag string, values ...string) {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	fixed("access-log", "json", "text", "off")
	fixed("log-level", "debug", "info", "warn", "error")
	fixed("log-format", "auto", "json", "text")
	fixed("token-durability", "sync", "relaxed")
	fixed("front", "fast", "net/http")
}

// check refuses values outside their closed sets, all at once.
func (o *serveOptions) check() error {
	var bad []string
	oneOf := func(flag, value string, allowed ...string) {
		if slices.Contains(allowed, value) {
			return
		}
		bad = append(bad, fmt.Sprintf("--%s %q: use %s", flag, value, strings.Join(allowed, ", ")))
	}
	oneOf("access-log", o.accessLog, "json", "text", "off")
	oneOf("log-level", o.logLevel, "debug", "info", "warn", "error")
	oneOf("log-format", o.logFormat, "auto", "json", "text")
	oneOf("token-durability", o.tokenDurability, "sync", "relaxed")
	oneOf("front", o.front, "fast", "net/http")
	if (o.tlsCert == "") != (o.tlsKey == "") {
		bad = append(bad, "--tls-cert and --tls-key go together")
	}
	if o.listen == "" {
		bad = append(bad, "--listen is empty")
	}
	if _, err := o.proxies(); err != nil {
		bad = append(bad, err.Error())
	}
	for flag, d := range map[string]time.Duration{"lock-wait": o.lockWait, "drain-delay": o.drainDelay, "drain-timeout": o.drainTimeout} {
		if d < 0 {
			bad = append(bad, fmt.Sprintf("--%s %s is negative", flag, d))
		}
	}
	if len(bad) > 0 {
		return usage("%s", strings.Join(bad, "\n"))
	}
	return nil
}

// proxies reads --trusted-proxies; a plain address is itself.
func (o *serveOptions) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range o.trustedProxies {
		if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxies %q: use an address or CIDR", text)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

func (o *serveOptions) level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(o.logLevel)) // checked
	return l
}

// size is a number of bytes, as text like "64MiB".
type size int64

// String implements pflag.Value.
func (s *size) String() string {
	for _, u := range []struct {
		name string
		n    size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if *s >= u.n && *s%u.n == 0 {
			return strconv.FormatInt(int64(*s/u.n), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	unit := int64(1)
	for name, n := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if before, ok := strings.CutSuffix(text, name); ok {
			text, unit = before, n
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("want a size like 64MiB")
	}
	*s = size(n * unit)
	return nil
}

// Type implements pflag.Value.
func (*size) Type() string { return "size" }

// originOf is the public listener's own origin, for where oauth.issuer is not set.
func originOf(addr net.Addr, tls bool) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return scheme + "://" + addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
