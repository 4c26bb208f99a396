package pgtest

import "syscall"

// attributes put a server into a group of its own, and end it with the test that
// started it, even if the test is killed. The processes of a server end when
// their postmaster is gone.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: as}
}
