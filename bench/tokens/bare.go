//go:build linux

package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// bareArg makes this program the bare endpoint: address and file follow.
const bareArg = "bare-endpoint"

// The client of the bare endpoint.
const (
	bareID     = "1f7cba3f-6f0f-4f9a-8c2e-5a4f0c8f3b11"
	bareSecret = "spocs_0000000000000000000000000000000000000000000000000"
)

// maybeBare turns the program into the bare endpoint if it was started as one.
func maybeBare() {
	if len(os.Args) != 4 || os.Args[1] != bareArg {
		return
	}
	err := serveBare(os.Args[2], os.Args[3])
	fmt.Fprintln(os.Stderr, "bare endpoint:", err)
	os.Exit(1)
}

// bare is the least that a durable token endpoint does: read the form, check
// the secret's HMAC, draw a token, have its hash on disk before it answers.
type bare struct {
	key    []byte
	secret []byte // its HMAC
	file   *os.File

	mu      sync.Mutex
	pending *batch
	wake    chan struct{}
}

// batch is what the next sync makes durable.
type batch struct {
	data []byte
	done chan struct{}
	err  error // once done is closed
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

func serveBare(addr, name string) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	b := &bare{key: []byte("a hash key of thirty-two bytes.."), file: file, pending: newBatch(), wake: make(chan struct{}, 1)}
	b.secret = b.hash(bareSecret)
	go b.commit()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", b.token)
	return http.ListenAndServe(addr, mux)
}

func (b *bare) hash(secret string) []byte {
	mac := hmac.New(sha256.New, b.key)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

func (b *bare) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if r.ParseForm() != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		http.Error(w, `{"error":"invalid_request"}`, http.StatusBadRequest)
		return
	}
	right := subtle.ConstantTimeCompare(b.hash(r.PostForm.Get("client_secret")), b.secret)
	if r.PostForm.Get("client_id") != bareID || right != 1 {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	token := rand.Text() + rand.Text()[:17]
	hash := sha256.Sum256([]byte(token))
	if err := b.store(fmt.Appendf(hash[:], "%012d", time.Now().Unix())); err != nil {
		http.Error(w, `{"error":"temporarily_unavailable"}`, http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600,"scope":"bench.read bench.write"}`, token)
}

// store puts a record into the next batch and waits until that is durable.
func (b *bare) store(record []byte) error {
	b.mu.Lock()
	mine := b.pending
	mine.data = append(mine.data, record...)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // it is awake
	}
	<-mine.done
	return mine.err
}

// commit writes batch after batch; the next gathers while one is synced.
func (b *bare) commit() {
	for range b.wake {
		b.mu.Lock()
		this := b.pending
		b.pending = newBatch()
		b.mu.Unlock()
		if len(this.data) > 0 {
			if _, this.err = b.file.Write(this.data); this.err == nil {
				this.err = b.file.Sync()
			}
		}
		close(this.done)
	}
}
