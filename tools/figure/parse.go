package main

import (
	"fmt"
	"slices"
	"strings"
)

// figure is a parsed text.
type figure struct {
	title  string
	actors []string
	steps  []step
}

// step is a message between two columns, or what the actor of one column does.
type step struct {
	from, to int // equal for what an actor does
	lost     bool
	text     string
}

func parse(text string) (figure, error) {
	var f figure
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := f.add(line); err != nil {
			return f, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if f.title == "" || len(f.actors) == 0 {
		return f, fmt.Errorf("has no title or no actors")
	}
	return f, nil
}

func (f *figure) add(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "title":
		f.title = strings.TrimSpace(rest)
		return nil
	case "actors":
		for name := range strings.SplitSeq(rest, ",") {
			f.actors = append(f.actors, strings.TrimSpace(name))
		}
		return nil
	}
	who, text, found := strings.Cut(line, ":")
	if !found {
		return fmt.Errorf("%q is no statement", line)
	}
	next := step{text: strings.TrimSpace(text)}
	from, to, sent := strings.Cut(who, " -> ")
	if !sent {
		if from, to, next.lost = strings.Cut(who, " -x "); !next.lost {
			to = from
		}
	}
	next.from, next.to = f.column(from), f.column(to)
	if next.from < 0 || next.to < 0 {
		return fmt.Errorf("%q names an unknown actor", who)
	}
	if longest := f.longest(next); len(next.text) > longest {
		return fmt.Errorf("%q is longer than %d characters", next.text, longest)
	}
	f.steps = append(f.steps, next)
	return nil
}

func (f *figure) column(name string) int {
	return slices.Index(f.actors, strings.TrimSpace(name))
}

// longest returns how many characters the text of a step can have.
func (f *figure) longest(s step) int {
	return max(1, s.to-s.from, s.from-s.to) * (columnWidth - 2*gap) / characterWidth
}
