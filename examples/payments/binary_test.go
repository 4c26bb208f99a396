package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binaryFolder has the program, which is built once for all tests.
var binaryFolder string

var buildOnce = sync.OnceValues(func() (path string, err error) {
	if binaryFolder, err = os.MkdirTemp("", "payments"); err != nil {
		return "", err
	}
	path = filepath.Join(binaryFolder, "payments")
	if output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return path, nil
})

func build(t *testing.T) (binary string) {
	t.Helper()
	binary, err := buildOnce()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return binary
}

func removeBinary() {
	if binaryFolder != "" {
		os.RemoveAll(binaryFolder)
	}
}
