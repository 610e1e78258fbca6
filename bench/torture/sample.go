//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sample is what was seen of the server at one moment.
type sample struct {
	at          time.Duration // since the beginning
	issued      int64         // so far
	rss         int64         // bytes: resident, with the pages of mapped files
	anonymous   int64         // bytes: resident without them
	descriptors int64
	goroutines  int64
	disk        int64         // bytes allocated in the data directory
	live        int64         // tokens in memory that have not expired
	checkMiddle time.Duration // of the checks since the sample before
	checkSlow   time.Duration // 99 % of them were faster
	issueMiddle time.Duration
	issueSlow   time.Duration
}

const sampleColumns = "seconds,issued,rss_bytes,anonymous_bytes,descriptors,goroutines,disk_bytes,live_tokens,check_p50_us,check_p99_us,issue_p50_us,issue_p99_us"

func (s sample) row() string {
	v := []int64{
		int64(s.at / time.Second), s.issued, s.rss, s.anonymous, s.descriptors, s.goroutines, s.disk, s.live,
		s.checkMiddle.Microseconds(), s.checkSlow.Microseconds(), s.issueMiddle.Microseconds(), s.issueSlow.Microseconds(),
	}
	text := make([]string, len(v))
	for i, n := range v {
		text[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(text, ",")
}

func parseSample(row string) (sample, error) {
	fields := strings.Split(row, ",")
	if len(fields) != strings.Count(sampleColumns, ",")+1 {
		return sample{}, fmt.Errorf("a sample of %d fields", len(fields))
	}
	var v [12]int64
	for i, f := range fields {
		var err error
		if v[i], err = strconv.ParseInt(f, 10, 64); err != nil {
			return sample{}, err
		}
	}
	us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	return sample{time.Duration(v[0]) * time.Second, v[1], v[2], v[3], v[4], v[5], v[6], v[7], us(v[8]), us(v[9]), us(v[10]), us(v[11])}, nil
}

// sample looks at the process from outside, and asks it for what only it knows.
func (k *soak) sample(ctx context.Context, at *site, elapsed time.Duration) (s sample, err error) {
	s.at, s.issued = elapsed.Round(time.Second), k.acknowledged[issued].Load()
	s.checkMiddle, s.checkSlow = k.checking.take()
	s.issueMiddle, s.issueSlow = k.issuing.take()
	pid := k.cmd.Process.Pid
	if s.rss, s.anonymous, err = resident(pid); err != nil {
		return s, err
	}
	descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return s, err
	}
	s.descriptors = int64(len(descriptors))
	s.disk = allocated(at.data)
	var text string
	if code, err := k.admin(ctx, http.MethodGet, "/metrics", nil, &text); err != nil || code != http.StatusOK {
		return s, fmt.Errorf("metrics: %d, %w", code, err)
	}
	s.goroutines, err = gauge(text, "go_goroutines")
	if err != nil {
		return s, err
	}
	s.live, err = gauge(text, "scopegate_tokens_live")
	return s, err
}

// gauge finds the value of a metric without labels.
func gauge(metrics, name string) (int64, error) {
	for line := range strings.Lines(metrics) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return int64(v), err
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// resident reads the resident memory of a process: all, and what is no file.
func resident(pid int) (all, anonymous int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		to := map[string]*int64{"VmRSS": &all, "RssAnon": &anonymous}[name]
		if to == nil {
			continue
		}
		kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		if err != nil {
			return 0, 0, err
		}
		*to = kib << 10
	}
	return all, anonymous, nil
}

// allocated is how much room the files below a directory take, in bytes.
// Files may come and go meanwhile.
func allocated(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
		var st syscall.Stat_t
		if syscall.Lstat(path, &st) == nil {
			bytes += st.Blocks * 512
		}
		return nil
	})
	return bytes
}

// latencies are those of the calls since the latest sample.
type latencies struct{ checking, issuing spans }

type spans struct {
	mu  sync.Mutex
	all []time.Duration
}

func (s *spans) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, d)
}

// take returns the median and the 99th percentile, and begins anew.
func (s *spans) take() (middle, slow time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == 0 {
		return 0, 0
	}
	slices.Sort(s.all)
	middle, slow = s.all[len(s.all)/2], s.all[len(s.all)*99/100]
	s.all = s.all[:0]
	return middle, slow
}

// sampleFile is where samples are kept, a row each; without a name, nowhere.
type sampleFile struct{ f *os.File }

func newSampleFile(name string) (*sampleFile, error) {
	if name == "" {
		return &sampleFile{}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(f, sampleColumns)
	return &sampleFile{f}, err
}

func (s *sampleFile) put(one sample) error {
	if s.f == nil {
		return nil
	}
	_, err := fmt.Fprintln(s.f, one.row())
	return err
}

func (s *sampleFile) close() error {
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}

// readSamples reads what a run has kept.
func readSamples(name string) (samples []sample, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	if !lines.Scan() || lines.Text() != sampleColumns {
		return nil, fmt.Errorf("%s does not begin with %s", name, sampleColumns)
	}
	for lines.Scan() {
		one, err := parseSample(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		samples = append(samples, one)
	}
	return samples, lines.Err()
}
