package main

import (
	"fmt"
	"go/ast"
	"path/filepath"

	"golang.org/x/tools/go/packages"
)

// load reads the package in a folder.
func load(folder string) (graph, error) {
	config := &packages.Config{
		Dir:  folder,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps,
	}
	loaded, err := packages.Load(config, ".")
	if err != nil {
		return nil, err
	}
	if len(loaded) != 1 || len(loaded[0].Errors) > 0 {
		return nil, fmt.Errorf("%s: %d packages, errors %v", folder, len(loaded), loaded[0].Errors)
	}
	g := graph{}
	for _, file := range loaded[0].Syntax {
		name := position(loaded[0], file)
		g[name] = map[string]string{}
	}
	for _, file := range loaded[0].Syntax {
		uses(loaded[0], file, g[position(loaded[0], file)])
	}
	return g, nil
}

// uses adds to needs the other files of the package that the file depends on.
func uses(p *packages.Package, file *ast.File, needs map[string]string) {
	own := position(p, file)
	ast.Inspect(file, func(node ast.Node) bool {
		name, ok := node.(*ast.Ident)
		if !ok {
			return true
		}
		object := p.TypesInfo.Uses[name]
		if object == nil || object.Pkg() != p.Types {
			return true
		}
		other := filepath.Base(p.Fset.Position(object.Pos()).Filename)
		if _, known := needs[other]; other != own && !known {
			needs[other] = name.Name
		}
		return true
	})
}

func position(p *packages.Package, node ast.Node) string {
	return filepath.Base(p.Fset.Position(node.Pos()).Filename)
}
