package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// run has the results of a run, in the order in which they first appear.
type run struct {
	machine string
	series  []*series
}

// series is one benchmark in every round.
type series struct {
	base    string            // the name without its configuration
	config  map[string]string // such as size: 200B
	samples map[string][]float64
}

func read(r io.Reader) (*run, error) {
	found, byName := &run{}, map[string]*series{}
	reader := benchfmt.NewReader(r, "run")
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, record
		case *benchfmt.Result:
			found.machine = fmt.Sprintf("%s, %s/%s, GOMAXPROCS %s", record.GetConfig("cpu"),
				record.GetConfig("goos"), record.GetConfig("goarch"), processors(record.Name))
			name := record.Name.String()
			if byName[name] == nil {
				byName[name] = newSeries(record.Name)
				found.series = append(found.series, byName[name])
			}
			for _, value := range record.Values {
				byName[name].samples[value.Unit] = append(byName[name].samples[value.Unit], value.Value)
			}
		}
	}
	if len(found.series) == 0 {
		return nil, errors.Join(errors.New("no results"), reader.Err())
	}
	return found, reader.Err()
}

func newSeries(name benchfmt.Name) *series {
	base, parts := name.Parts()
	s := &series{base: string(base), config: map[string]string{}, samples: map[string][]float64{}}
	for _, part := range parts {
		key, value, _ := strings.Cut(strings.TrimPrefix(string(part), "/"), "=")
		s.config[key] = value
	}
	return s
}

// processors returns the number at the end of the name of a benchmark.
func processors(name benchfmt.Name) string {
	_, parts := name.Parts()
	return strings.TrimPrefix(string(parts[len(parts)-1]), "-")
}

func (s *series) sample(unit string) *benchmath.Sample {
	if s == nil || len(s.samples[unit]) == 0 {
		return nil
	}
	thresholds := benchmath.DefaultThresholds
	return benchmath.NewSample(append([]float64(nil), s.samples[unit]...), &thresholds)
}
