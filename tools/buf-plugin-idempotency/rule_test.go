package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRule runs buf lint with the plugin, as a user does.
func TestRule(t *testing.T) {
	tools := build(t)
	for name, test := range map[string]struct {
		schema, options string
		want            []string // the methods that are named
	}{
		"every method is decided":  {schema: "good"},
		"methods are undecided":    {schema: "bad", want: []string{"CreateThing", "UpdateThing", "TouchThing", "PutThing", "GetOrCreateThing", "Getaway", "QueryThings"}},
		"options are not imported": {schema: "plain", want: []string{"CreateThing"}},
		"a verb is added":          {schema: "bad", options: "{read_only_prefixes: [Query, Touch]}", want: []string{"CreateThing", "UpdateThing", "PutThing", "GetOrCreateThing", "Getaway"}},
		"the verbs are replaced":   {schema: "plain", options: "{read_only_prefixes: [Create]}", want: []string{"GetThing"}},
		"the server is configured": {schema: "plain", options: "{configured_methods: [plain.v1.Service.CreateThing]}"},
		"another method is":        {schema: "plain", options: "{configured_methods: [Service.CreateThing, CreateThing]}", want: []string{"CreateThing"}},
	} {
		t.Run(name, func(t *testing.T) {
			output := tools.lint(t, test.schema, test.options)
			if got := methods(t, output); !slices.Equal(got, test.want) {
				t.Errorf("named methods: %q, want %q\n%s", got, test.want, output)
			}
		})
	}
}

// programs are the paths of buf and of the plugin.
type programs struct{ buf, plugin string }

func build(t *testing.T) programs {
	t.Helper()
	plugin := filepath.Join(t.TempDir(), "buf-plugin-idempotency")
	run(t, ".", "go", "build", "-o", plugin, ".")
	path := run(t, "../..", "go", "tool", "-modfile=tools/buf/go.mod", "-n", "buf")
	return programs{buf: strings.TrimSpace(path), plugin: plugin}
}

// lint returns the output of buf lint for a schema in testdata.
func (p programs) lint(t *testing.T, schema, options string) string {
	t.Helper()
	workspace := t.TempDir()
	for source, folder := range map[string]string{"testdata/" + schema: "schema", "../../proto": "proto"} {
		if err := os.CopyFS(filepath.Join(workspace, folder), os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
	}
	config := "version: v2\nmodules: [{path: schema}, {path: proto}]\nlint: {use: [IDEMPOTENCY_KEY_MODE]}\n" +
		"plugins:\n  - plugin: " + p.plugin + "\n"
	if options != "" {
		config += "    options: " + options + "\n"
	}
	if err := os.WriteFile(filepath.Join(workspace, "buf.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), p.buf, "lint", "--error-format=text")
	command.Dir = workspace
	output, err := command.CombinedOutput()
	if failed := err != nil; failed != (len(output) > 0) {
		t.Fatalf("buf lint: %v\n%s", err, output)
	}
	return string(output)
}

// annotation is one line of output: file, line, column, and the name of the method.
var annotation = regexp.MustCompile(`^schema/[a-z]+\.proto:\d+:\d+:Method "(\w+)" does not say what it does with an idempotency key: `)

// methods returns the methods that the output names, in order. Every line must name one.
func methods(t *testing.T, output string) (names []string) {
	t.Helper()
	for line := range strings.Lines(output) {
		match := annotation.FindStringSubmatch(line)
		if match == nil {
			t.Fatalf("unexpected output: %s", line)
		}
		names = append(names, match[1])
	}
	return names
}

func run(t *testing.T, directory, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = directory
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	return string(output)
}
