package idempotency_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// entryPoints are functions that need an example besides the constructors.
var entryPoints = []string{
	"idempotency.Engine_Do", "idempotency.FromContext", "idempotency.NoEffect", "idempotency.Execution_NoEffect",
	"idempotency.Execution_DeriveKey", "idempotency.WithScope", "idempotency.WithPolicy", "idempotency.WithKey",
	"httpmw.Middleware_Wrap", "httpmw.ReplayedContext", "idemgrpc.ReplayedContext", "idemconnect.ReplayedContext",
	"httpmw.ReadRefusal", "httpmw.WriteRefusal", "idemgateway.Middleware", "idemgateway.ServiceMiddleware", "idemgateway.ServeMuxOptions", "backendtest.Run",
}

// TestEveryEntryPointHasAnExample: every constructor, and the functions of the list.
func TestEveryEntryPointHasAnExample(t *testing.T) {
	examples := map[string]bool{"backendtest.NewFaultyWaiter": true} // is NewFaulty for another store
	for _, folder := range documentedPackages {
		paths, err := filepath.Glob(filepath.Join(folder, "*_example_test.go"))
		ok(t, err)
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			ok(t, err)
			for _, declaration := range file.Decls {
				if function, is := declaration.(*ast.FuncDecl); is {
					name, _ := strings.CutPrefix(function.Name.Name, "Example")
					examples[strings.TrimSuffix(file.Name.Name, "_test")+"."+name] = true
				}
			}
		}
	}
	needed := entryPoints
	for name := range parseExported(t) {
		if _, function, _ := strings.Cut(name, "."); strings.HasPrefix(function, "New") {
			needed = append(needed, name)
		}
	}
	for _, name := range needed {
		if !examples[name] {
			t.Errorf("%s has no example", name)
		}
	}
}
