//go:build linux

package gate

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"scopegate/bench/proc"
)

// Gate is a running scopegate.
type Gate struct {
	Addr    string
	Admin   string // the address of the admin listener
	Process *proc.Process

	binary  string
	dataDir string
	scheme  string // of Addr
}

// Setting says how to run one.
type Setting struct {
	Name     string // of the process
	Binary   string
	Core     int
	Upstream string
	Routes   int
	Flags    []string // beside addresses, routes and data directory
	Cert     string   // file of a certificate, to serve TLS; empty: none
	Key      string   // file of its key
	Env      []string
	Stdout   io.Writer // where the access log goes; if nil, a file of the Stage
}

// Run starts scopegate and waits until it is ready.
func Run(s *proc.Stage, set Setting) (*Gate, error) {
	file := fileName(set.Name)
	routes, err := s.Write(file+".yaml", Routes(set.Upstream, set.Routes))
	if err != nil {
		return nil, err
	}
	g := &Gate{binary: set.Binary, dataDir: s.Path(file + ".data"), scheme: "http"}
	if g.Addr, err = s.Address(); err != nil {
		return nil, err
	}
	if g.Admin, err = s.Address(); err != nil {
		return nil, err
	}
	args := append([]string{
		set.Binary, "serve", "--routes", routes, "--data-dir", g.dataDir,
		"--listen", g.Addr, "--admin-listen", g.Admin, "--watch=false",
	}, set.Flags...)
	if set.Cert != "" {
		g.scheme = "https"
		args = append(args, "--tls-cert", set.Cert, "--tls-key", set.Key)
	}
	g.Process, err = s.Start(proc.Spec{Name: set.Name, Core: set.Core, Args: args, Env: set.Env, Stdout: set.Stdout})
	if err != nil {
		return nil, err
	}
	if err := s.Await(g.Process, g.Admin); err != nil {
		return nil, err
	}
	return g, g.ready(g.Admin)
}

// StoreDir is where the store of a gateway of that name will be, for who fills
// it before it is run.
func StoreDir(s *proc.Stage, name string) string {
	return filepath.Join(s.Path(fileName(name)+".data"), "store")
}

func fileName(name string) string {
	return strings.NewReplacer(" ", "-", "/", "-", ",", "").Replace(name)
}

// ready waits up to thirty seconds until the gateway says that it is.
func (g *Gate) ready(admin string) error {
	caller := &http.Client{Timeout: 5 * time.Second}
	defer caller.CloseIdleConnections()
	for deadline := time.Now().Add(30 * time.Second); ; {
		resp, err := caller.Get("http://" + admin + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after 30 s: %w\n%s", err, g.Process.Tail())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Client is a registered client with its secret.
type Client struct{ ID, Secret string }

// Register makes a client through the command line.
func (g *Gate) Register(ctx context.Context, name string, scopes ...string) (Client, error) {
	return g.register(ctx, name, nil, scopes)
}

func (g *Gate) register(ctx context.Context, name string, flags, scopes []string) (Client, error) {
	args := append([]string{"clients", "create", "--data-dir", g.dataDir, "--name", name, "--output", "json"}, flags...)
	for _, scope := range scopes {
		args = append(args, "--scope", scope)
	}
	cmd := exec.CommandContext(ctx, g.binary, args...)
	cmd.Stderr = &strings.Builder{}
	out, err := cmd.Output()
	if err != nil {
		return Client{}, fmt.Errorf("registering %s: %w\n%s", name, err, cmd.Stderr)
	}
	var made struct {
		Client struct{ ID string }
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return Client{}, fmt.Errorf("registering %s: %w", name, err)
	}
	return Client{made.Client.ID, made.Secret}, nil
}

// RegisterFor makes a client whose tokens live for ttl.
func (g *Gate) RegisterFor(ctx context.Context, name string, ttl time.Duration, scopes ...string) (Client, error) {
	return g.register(ctx, name, []string{"--token-ttl", ttl.String()}, scopes)
}

// Tokens asks the token endpoint for n tokens of a client, by 16 callers.
func (g *Gate) Tokens(ctx context.Context, c Client, n int) ([]string, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 16, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the certificate is the benchmark's own
	defer transport.CloseIdleConnections()
	caller := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	tokens := make([]string, n)
	failed := make(chan error, n)
	var all sync.WaitGroup
	for k := range 16 {
		all.Go(func() {
			for i := k; i < n; i += 16 {
				token, err := g.token(ctx, caller, c)
				if err != nil {
					failed <- err
					return
				}
				tokens[i] = token
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
		return tokens, nil
	}
}

func (g *Gate) token(ctx context.Context, caller *http.Client, c Client) (string, error) {
	form := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.scheme+"://"+g.Addr+"/oauth/token", form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.ID, c.Secret)
	resp, err := caller.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); resp.StatusCode != http.StatusOK || err != nil || answer.Token == "" {
		return "", fmt.Errorf("token endpoint: %s %s", resp.Status, body)
	}
	return answer.Token, nil
}

// Profile ends the profile of a profile build that began it at start, and
// returns what it wrote to the file.
func (g *Gate) Profile(ctx context.Context, end syscall.Signal, file string) ([]byte, error) {
	if err := g.Process.Signal(end); err != nil {
		return nil, err
	}
	for {
		data, err := os.ReadFile(file + ".done")
		if err == nil {
			return data, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
