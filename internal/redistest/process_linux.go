package redistest

import "syscall"

// attributes puts a server into its own process group, and makes it end with the test
// process, even if that is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
