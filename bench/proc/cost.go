//go:build linux

package proc

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// PIDs are the ids of the process and of all that descend from it.
func (p *Process) PIDs() []int {
	parents := map[int]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []int{p.cmd.Process.Pid}
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// pid (comm) state ppid ...; a comm may hold anything but ends at the last bracket.
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended meanwhile
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	found := []int{p.cmd.Process.Pid}
	for i := 0; i < len(found); i++ {
		for pid, parent := range parents {
			if parent == found[i] && !slices.Contains(found, pid) {
				found = append(found, pid)
			}
		}
	}
	return found
}

// CPU is the processor time that the processes have used so far, all threads,
// user and system.
func CPU(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		var ts unix.Timespec
		// The clock id of another process: ~pid << 3 | CPUCLOCK_SCHED.
		if err := unix.ClockGettime(int32(^pid)<<3|2, &ts); err != nil {
			return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
		}
		sum += time.Duration(ts.Nano())
	}
	return sum, nil
}

// RSS is the resident memory of the processes in bytes. Pages that they share
// are counted for each.
func RSS(pids []int) (int64, error) {
	m, err := MemoryOf(pids)
	return m.Resident, err
}

// Memory is what processes hold, in bytes.
type Memory struct {
	Resident int64
	Files    int64 // of it, pages of mapped files, which the kernel takes back when it needs them
}

// MemoryOf returns the memory of the processes. Pages that they share are
// counted for each.
func MemoryOf(pids []int) (m Memory, err error) {
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return m, err
		}
		for line := range strings.Lines(string(status)) {
			name, rest, _ := strings.Cut(line, ":")
			if name != "VmRSS" && name != "RssFile" {
				continue
			}
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return m, err
			}
			if name == "VmRSS" {
				m.Resident += kib << 10
			} else {
				m.Files += kib << 10
			}
		}
	}
	return m, nil
}
