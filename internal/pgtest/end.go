package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// End ends the server as an immediate shutdown does, which frees what it has of
// the system, and removes its data. It has no effect on one that has ended.
func (s *Server) End() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGCONT)
		_ = s.process.Process.Signal(syscall.SIGQUIT)
		s.collect()
	}
	_ = os.RemoveAll(s.dir)
}

// Kill ends the server as kill -9 does, with every process that it has started,
// and waits for their end. It has no effect on one that is down.
func (s *Server) Kill() {
	if s.process != nil {
		s.signalAll(syscall.SIGKILL)
		s.collect()
	}
}

// collect waits for the end of all processes of the server. What still runs when
// the patience ends is killed.
func (s *Server) collect() {
	processes := s.processes()
	timer := time.AfterFunc(patience, func() { s.signalAll(syscall.SIGKILL) })
	_ = s.process.Wait()
	timer.Stop()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(time.Millisecond) {
		if !anyRuns(processes) {
			break
		}
	}
	_ = s.log.Close()
	s.process = nil
}

// signalAll signals the postmaster and the processes that it has started, which
// are in sessions of their own.
func (s *Server) signalAll(signal syscall.Signal) {
	for _, pid := range s.processes() {
		_ = syscall.Kill(pid, signal)
	}
}

// processes returns the postmaster and its children. Without /proc it finds the
// postmaster alone; the others end when that has ended.
func (s *Server) processes() []int {
	postmaster := s.process.Process.Pid
	found := []int{postmaster}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if _, parent := status(pid); parent == postmaster {
			found = append(found, pid)
		}
	}
	return found
}

func anyRuns(processes []int) bool {
	for _, pid := range processes {
		if state, _ := status(pid); state != "" && state != "Z" {
			return true
		}
	}
	return false
}

// status returns the state of a process and its parent. The state is empty where
// there is no such process, or no /proc.
func status(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}
