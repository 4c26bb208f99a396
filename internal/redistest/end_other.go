//go:build !linux

package redistest

import "syscall"

// endWithParent has nothing to offer here: a test that is killed leaves its
// servers behind.
func endWithParent() *syscall.SysProcAttr { return nil }
