package redistest

import "syscall"

// attributes put a server into a group of its own, and end it with the test that
// started it, even if the test is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
