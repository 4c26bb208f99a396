package idempotency_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("docs", name))
	ok(t, err)
	return string(text)
}

// section returns the text from the mention of a package to the next heading of
// its level.
func section(text, name string) string {
	_, after, _ := strings.Cut(text, "`"+name+"`: options of ")
	before, _, _ := strings.Cut(after, "\n## ")
	return before
}

var documentedOption = regexp.MustCompile("(?m)^\\| `(With[A-Za-z]+)\\(")

// TestEveryOptionIsDocumented, and no option that does not exist.
func TestEveryOptionIsDocumented(t *testing.T) {
	text := document(t, "configuration.md")
	for name, options := range optionsByPackage(t) {
		part := section(text, name)
		for option := range options {
			if !strings.Contains(part, "| `"+option+"(") {
				t.Errorf("docs/configuration.md does not list %s.%s", name, option)
			}
		}
		for _, found := range documentedOption.FindAllStringSubmatch(part, -1) {
			if !options[found[1]] {
				t.Errorf("docs/configuration.md lists %s.%s, which does not exist", name, found[1])
			}
		}
	}
}

// optionsByPackage finds the functions that return an Option, and under
// "package.ClientOption" those that return a ClientOption.
func optionsByPackage(t *testing.T) map[string]map[string]bool {
	t.Helper()
	options := map[string]map[string]bool{}
	ok(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "tools" || path == "gen" || path == "examples" || strings.HasPrefix(path, ".") && path != "."):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		ok(t, err)
		for _, declaration := range file.Decls {
			name, kind := optionName(declaration)
			if kind == "" {
				continue
			}
			of := strings.TrimSuffix(file.Name.Name+"."+kind, ".Option")
			if options[of] == nil {
				options[of] = map[string]bool{}
			}
			options[of][name] = true
		}
		return nil
	}))
	return options
}

// optionName returns the name of an option and its type: Option or ClientOption.
func optionName(declaration ast.Decl) (name, kind string) {
	function, is := declaration.(*ast.FuncDecl)
	if !is || function.Recv != nil || !strings.HasPrefix(function.Name.Name, "With") || function.Type.Results == nil {
		return "", ""
	}
	result, is := function.Type.Results.List[0].Type.(*ast.Ident)
	if !is || result.Name != "Option" && result.Name != "ClientOption" {
		return "", ""
	}
	return function.Name.Name, result.Name
}

// TestEveryReasonIsDocumented under the heading that the type of a problem links
// to.
func TestEveryReasonIsDocumented(t *testing.T) {
	text := document(t, "errors.md")
	for number, name := range idempotencyv1.Reason_name {
		heading := "\n## " + anchorOf(strings.TrimPrefix(name, "REASON_")) + "\n"
		if strings.Contains(text, heading) != (number != 0) {
			t.Errorf("docs/errors.md and reason %s do not agree", name)
		}
	}
}

// anchorOf returns the anchor of a reason in docs/errors.md.
func anchorOf(reason string) string { return strings.ToLower(strings.ReplaceAll(reason, "_", "-")) }
