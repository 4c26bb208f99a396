package pgtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// directories are where packages put the programs that they leave out of PATH:
// those of Debian and Ubuntu, of the PGDG for Fedora, and of Homebrew.
var directories = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// program returns the path of initdb or postgres. A directory that POSTGRES_BIN
// names is the only one that counts.
func program(name string) (string, error) {
	if dir := os.Getenv("POSTGRES_BIN"); dir != "" {
		return find(filepath.Join(dir, name), "POSTGRES_BIN is "+dir)
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	var found []string
	for _, pattern := range directories {
		paths, _ := filepath.Glob(filepath.Join(pattern, name))
		found = append(found, paths...)
	}
	if len(found) == 0 {
		return find(name, "install it with 'apt-get install postgresql' or 'brew install postgresql', or name its directory in POSTGRES_BIN")
	}
	return slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) }), nil
}

func find(path, advice string) (string, error) {
	found, err := exec.LookPath(path)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", fmt.Errorf("pgtest: %w: %s", err, advice)
	}
	return found, nil
}

// version returns the number in a path such as /usr/lib/postgresql/15/bin/initdb,
// and zero where there is none.
func version(path string) int {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	start := slices.IndexFunc([]rune(path), digit)
	if start < 0 {
		return 0
	}
	end := start
	for end < len(path) && digit(rune(path[end])) {
		end++
	}
	n, _ := strconv.Atoi(path[start:end])
	return n
}
