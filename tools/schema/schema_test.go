package schema

import (
	"strings"
	"testing"
)

// TestProtocFromTheModule: protoc reads the schema out of the Go module.
func TestProtocFromTheModule(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.shell(t, commands(t, "protoc"))
	u.runProgram(t)
}

// TestProtocFromACopy: the schema is copied, and the module's folder not used by protoc.
func TestProtocFromACopy(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.shell(t, commands(t, "copy"))
	u.shell(t, commands(t, "protoc from the copy"))
	u.runProgram(t)
}

// TestBufFromACopy: the copy is a module of the workspace.
func TestBufFromACopy(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.shell(t, commands(t, "copy"))
	u.buf(t)
}

// TestBufDependency: modules of the workspace stand for those in the registry, with the same names.
func TestBufDependency(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.shell(t, commands(t, "link")+googleapisLink)
	u.write(t, "buf.yaml", strings.Replace(commands(t, "dependency"), "deps:\n",
		"  - {path: third_party/googleapis, name: buf.build/googleapis/googleapis}\n"+
			"  - {path: third_party/idempotency, name: buf.build/oncewire/idempotency}\ndeps:\n", 1))
	u.write(t, "buf.gen.yaml", commands(t, "buf.gen.yaml"))
	u.shell(t, "buf generate proto")
	u.runProgram(t)
}

// TestBufFromTheModule: a symbolic link to the folder of the Go module.
func TestBufFromTheModule(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.shell(t, commands(t, "link"))
	u.buf(t)
}

const googleapisLink = `mkdir -p third_party && ln -s "$GOOGLEAPIS" third_party/googleapis`

// buf generates from third_party/idempotency, and runs the program.
func (u user) buf(t *testing.T) {
	t.Helper()
	u.shell(t, googleapisLink)
	u.write(t, "buf.yaml", commands(t, "buf.yaml"))
	u.write(t, "buf.gen.yaml", commands(t, "buf.gen.yaml"))
	u.shell(t, "buf generate proto")
	u.runProgram(t)
}

// TestPublishedModule: what buf pushes has this name and these files, which need nothing but
// google/protobuf.
func TestPublishedModule(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	config := read(t, "../../buf.yaml")
	if !strings.Contains(config, "  - path: proto\n    name: buf.build/oncewire/idempotency\n") || strings.Count(config, "name:") != 1 {
		t.Error("buf.yaml names other modules than proto")
	}
	u.shell(t, `cp -r "$(go list -m -f '{{.Dir}}' github.com/oncewire/idempotency)/proto" published`)
	if got := u.shell(t, "cd published && find . -type f | sort && buf build"); got !=
		"./idempotency/v1/options.proto\n./idempotency/v1/outcome.proto\n./idempotency/v1/reason.proto\n" {
		t.Errorf("the published module has these files:\n%s", got)
	}
}

// TestOpenAPI: the document of a gateway whose routes are in the schema (google.api.http), from the
// descriptors that protoc writes.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	got := u.shell(t, commands(t, "openapi")+"cat openapi.json")
	for _, part := range []string{`"operationId": "ShopService_CreateOrder"`, `"required": true,`, `"Idempotent-Replayed"`, "- KEY_MISSING: "} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is missing:\n%s", part, got)
		}
	}
	if strings.Count(got, `"name": "Idempotency-Key"`) != 1 {
		t.Errorf("not one operation takes a key:\n%s", got)
	}
}
