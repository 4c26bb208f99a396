package idempotency_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documentedPackages are the packages whose names the pages mention.
var documentedPackages = []string{
	".", "backend", "backend/backendtest", "backend/memstore", "backend/nearcache", "backend/pgstore", "backend/redisstore",
	"idempotencytest",
	"httpmw", "httpmw/idemgateway", "httpmw/idemgateway/idemopenapi", "httpmw/idemvanguard", "interceptor/idemconnect", "interceptor/idemconnect2", "interceptor/idemgrpc", "otelidem",
}

// exportedNames has "package.Name", and "package.Type.Name" for fields and
// methods.
type exportedNames map[string]bool

func (names exportedNames) addFile(file *ast.File) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			names.add(file.Name.Name, receiver(d), d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names.addSpec(file.Name.Name, spec)
			}
		}
	}
}

func (names exportedNames) addSpec(pkg string, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			names.add(pkg, name.Name)
		}
	case *ast.TypeSpec:
		names.add(pkg, s.Name.Name)
		for _, member := range members(s.Type) {
			for _, name := range member.Names {
				names.add(pkg, s.Name.Name, name.Name)
			}
		}
	}
}

// members returns the fields of a struct or the methods of an interface.
func members(expression ast.Expr) []*ast.Field {
	switch e := expression.(type) {
	case *ast.StructType:
		return e.Fields.List
	case *ast.InterfaceType:
		return e.Methods.List
	default:
		return nil
	}
}

func (names exportedNames) add(parts ...string) {
	name := strings.ReplaceAll(strings.Join(parts, "."), "..", ".")
	names[name] = true
}

// receiver returns the name of a method's type, and "" for a function.
func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	switch r := function.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		if name, is := r.X.(*ast.Ident); is {
			return name.Name
		}
	case *ast.Ident:
		return r.Name
	}
	return "_"
}

func parseExported(t *testing.T) exportedNames {
	t.Helper()
	names := exportedNames{}
	for _, folder := range documentedPackages {
		paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
		ok(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			ok(t, err)
			names.addFile(file)
		}
	}
	return names
}

var (
	qualifiedName = regexp.MustCompile(`\b(idempotency|idempotencytest|backend|backendtest|memstore|nearcache|redisstore|httpmw|idemgateway|idemopenapi|idemvanguard|idemconnect2?|idemgrpc|otelidem)\.([A-Z]\w*)`)
	memberName    = regexp.MustCompile(`\b(Call|Engine|Error|Execution|KeyRules|Limits|Policy|Store)\.([A-Z]\w*)`)
	optionOrError = regexp.MustCompile("`((?:With|Err|Key)[A-Z]\\w*)[`(]")
)

// TestNamesInDocsExist: what a page writes as a name of this module. The
// changelog may have old names.
func TestNamesInDocsExist(t *testing.T) {
	names := parseExported(t)
	exists := func(suffix string) bool {
		for name := range names {
			if strings.HasSuffix(name, "."+suffix) {
				return true
			}
		}
		return false
	}
	for path, text := range pages(t) {
		if path == "CHANGELOG.md" {
			continue
		}
		for _, found := range qualifiedName.FindAllString(text, -1) {
			if !names[found] {
				t.Errorf("%s names %s, which does not exist", path, found)
			}
		}
		for _, found := range append(memberName.FindAllString(text, -1), firsts(optionOrError, text)...) {
			if !exists(found) {
				t.Errorf("%s names %s, which does not exist", path, found)
			}
		}
	}
}

func firsts(pattern *regexp.Regexp, text string) (firsts []string) {
	for _, found := range pattern.FindAllStringSubmatch(text, -1) {
		firsts = append(firsts, found[1])
	}
	return firsts
}
