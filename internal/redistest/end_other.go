//go:build !linux

package redistest

import "syscall"

// attributes put a server into a group of its own. A test that is killed leaves
// its servers behind here.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
