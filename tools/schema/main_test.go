package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// googleapis is the Go module from which the tests take google/api. It is the last one that contains it.
const googleapis = "github.com/grpc-ecosystem/grpc-gateway@v1.16.0"

// shared are folders that every test uses and none changes.
var shared struct {
	googleapis string // has google/api
	programs   string // buf, the plugins of protoc in the versions that this project uses, and idemopenapi
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if shared.programs, err = os.MkdirTemp("", "schema"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(shared.programs)
		if err := prepare(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func prepare(ctx context.Context) error {
	answer, err := run(ctx, ".", nil, "go", "mod", "download", "-json", googleapis)
	if err != nil {
		return err
	}
	var module struct {
		Dir string `json:"Dir"`
	}
	if err := json.Unmarshal([]byte(answer), &module); err != nil {
		return err
	}
	shared.googleapis = filepath.Join(module.Dir, "third_party", "googleapis")
	for file, names := range map[string][]string{
		"tools/buf/go.mod": {"buf"},
		"tools/gen/go.mod": {"protoc-gen-go", "protoc-gen-go-grpc", "protoc-gen-grpc-gateway", "protoc-gen-openapiv2"},
	} {
		for _, name := range names {
			path, err := run(ctx, "../..", nil, "go", "tool", "-modfile="+file, "-n", name)
			if err != nil {
				return err
			}
			if err := os.Symlink(strings.TrimSpace(path), filepath.Join(shared.programs, name)); err != nil {
				return err
			}
		}
	}
	_, err = run(ctx, "../..", nil, "go", "build", "-o", shared.programs, "./cmd/idemopenapi")
	return err
}

// run returns what the program prints. Its error contains that and what the program reported.
func run(ctx context.Context, directory string, environment []string, name string, arguments ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = directory, environment, &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s%s", command, err, &stdout, &stderr)
	}
	return stdout.String(), nil
}
