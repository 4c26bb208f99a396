package main

import "slices"

// arrow is a dependency of one file on another, and a name that causes it.
type arrow struct{ from, to, name string }

// upward returns the arrows that run against the main direction: those from a
// later file to an earlier one in [graph.order]. Without knots there are none.
func (g graph) upward() (arrows []arrow) {
	order := g.order()
	for i, file := range order {
		for _, earlier := range order[:i] {
			if name, depends := g[file][earlier]; depends {
				arrows = append(arrows, arrow{file, earlier, name})
			}
		}
	}
	return arrows
}

// order returns the files so that most arrows run from an earlier file to a later
// one, with the greedy method of Eades, Lin and Smyth: files that no other file uses
// come first, files that use no other come last, and a knot is cut at the file
// that uses the most files and is used by the fewest.
func (g graph) order() []string {
	var first, last []string
	for left := g.sorted(); len(left) > 0; {
		file, isLast := g.next(left)
		left = slices.DeleteFunc(left, func(other string) bool { return other == file })
		if isLast {
			last = append(last, file)
		} else {
			first = append(first, file)
		}
	}
	slices.Reverse(last)
	return append(first, last...)
}

// next chooses the file to place, and whether it goes to the end.
func (g graph) next(left []string) (best string, isLast bool) {
	most := -len(g) - 1
	for _, file := range left {
		out, in := 0, 0
		for _, other := range left {
			if _, uses := g[file][other]; uses {
				out++
			}
			if _, used := g[other][file]; used {
				in++
			}
		}
		switch {
		case out == 0:
			return file, true
		case in == 0:
			return file, false
		case out-in > most:
			best, most = file, out-in
		}
	}
	return best, false
}
