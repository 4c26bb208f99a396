package redistest

import "syscall"

// endWithParent ends a server with the test that started it, even if the test
// is killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
