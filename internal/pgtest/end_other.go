//go:build !linux

package pgtest

import "syscall"

// attributes put a server into a group of its own. A test that is killed leaves
// its servers behind here.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: as}
}
