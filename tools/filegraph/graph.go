package main

import (
	"maps"
	"slices"
)

// graph holds for each file the files that it depends on, each with a name that it
// uses from there.
type graph map[string]map[string]string

func (g graph) sorted() []string { return slices.Sorted(maps.Keys(g)) }

// mutual returns the pairs of files that depend on each other.
func (g graph) mutual() (pairs [][]string) {
	files := g.sorted()
	for i, a := range files {
		for _, b := range files[i+1:] {
			there, forward := g[a][b]
			back, backward := g[b][a]
			if forward && backward {
				pairs = append(pairs, []string{a + " (" + there + ")", b + " (" + back + ")"})
			}
		}
	}
	return pairs
}

// knots returns the sets of at least two files that all reach each other.
func (g graph) knots() (knots [][]string) {
	reached := map[string]map[string]bool{}
	for file := range g {
		reached[file] = map[string]bool{}
		g.reach(file, reached[file])
	}
	done := map[string]bool{}
	for _, file := range g.sorted() {
		if done[file] {
			continue
		}
		var knot []string
		for _, other := range g.sorted() {
			if other == file || reached[file][other] && reached[other][file] {
				knot = append(knot, other)
				done[other] = true
			}
		}
		if len(knot) > 1 {
			knots = append(knots, knot)
		}
	}
	return knots
}

func (g graph) reach(file string, seen map[string]bool) {
	for next := range g[file] {
		if !seen[next] {
			seen[next] = true
			g.reach(next, seen)
		}
	}
}
