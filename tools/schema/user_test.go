package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// user is a Go module outside the repository, with the paths that its commands use.
type user struct {
	directory   string
	environment []string
}

// newUser makes the module, with its schema and its program. Its dependencies are in the versions of
// the library's go.mod, except for the library itself, which is this checkout.
func newUser(t *testing.T) user {
	t.Helper()
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	u := user{directory: t.TempDir()}
	if err := os.CopyFS(u.directory, os.DirFS("testdata/shop")); err != nil {
		t.Fatal(err)
	}
	library := read(t, filepath.Join(checkout, "go.mod"))
	u.write(t, "go.mod", strings.Replace(library, "module github.com/oncewire/idempotency\n", "module example.com/shop\n", 1)+
		"\nrequire github.com/oncewire/idempotency v0.0.0\nreplace github.com/oncewire/idempotency => "+checkout+"\n")
	u.write(t, "go.sum", read(t, filepath.Join(checkout, "go.sum")))
	u.environment = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off",
		"GOOGLEAPIS="+shared.googleapis, "PATH="+shared.programs+string(os.PathListSeparator)+os.Getenv("PATH"))
	return u
}

// shell runs a command of the documentation, and returns what it prints.
func (u user) shell(t *testing.T, script string) string {
	t.Helper()
	return output(t, u.directory, u.environment, "bash", "-euo", "pipefail", "-c", script)
}

func (u user) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(u.directory, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func output(t *testing.T, directory string, environment []string, name string, arguments ...string) string {
	t.Helper()
	text, err := run(t.Context(), directory, environment, name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
