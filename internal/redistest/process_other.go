//go:build !linux

package redistest

import "syscall"

// attributes puts a server into its own process group. On this system, the servers of
// a test process that is killed keep running.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
