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

var docLink = regexp.MustCompile(`\[\*?(?:([a-z]\w*)\.)?([A-Z]\w*(?:\.[A-Z]\w*)?)\]`)

// TestLinksOfGoDocLeadSomewhere: links to names of this module.
func TestLinksOfGoDocLeadSomewhere(t *testing.T) {
	names := parseExported(t)
	ours := map[string]bool{}
	for name := range names {
		pkg, _, _ := strings.Cut(name, ".")
		ours[pkg] = true
	}
	for _, folder := range documentedPackages {
		paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
		ok(t, err)
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			ok(t, err)
			for _, name := range linksOf(file) {
				pkg, _, _ := strings.Cut(name, ".")
				if ours[pkg] && !names[name] {
					t.Errorf("%s links to %s, which does not exist", path, name)
				}
			}
		}
	}
}

// linksOf returns the names to which the comments of a file link, with packages.
func linksOf(file *ast.File) (links []string) {
	for _, group := range file.Comments {
		for _, found := range docLink.FindAllStringSubmatch(group.Text(), -1) {
			pkg := found[1]
			if pkg == "" {
				pkg = strings.TrimSuffix(file.Name.Name, "_test")
			}
			links = append(links, pkg+"."+found[2])
		}
	}
	return links
}
