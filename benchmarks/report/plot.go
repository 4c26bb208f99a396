package main

import (
	"image/color"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

const width, height = 16 * vg.Centimeter, 9 * vg.Centimeter

// drawings has the pictures of the page by the names of their files.
var drawings = map[string]func(*run, string) error{
	"performance-calls.svg":   drawCalls,
	"performance-callers.svg": drawCallers,
}

// subjects of the pictures, each with its color.
var subjects = []struct {
	name  string
	color color.Color
}{
	{"bare", color.Gray{160}},
	{"ours", color.RGBA{31, 119, 180, 255}},
	{"fiber", color.RGBA{255, 127, 14, 255}},
}

func newPlot(title, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = title, y
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	return p
}

// drawCalls draws the time of a call for each work, as bars.
func drawCalls(r *run, file string) error {
	works := []string{"none", "first", "replay", "running", "mismatch"}
	p := newPlot("HTTP within the process, 200 bytes, store in memory", "microseconds")
	bar := vg.Points(18)
	for i, s := range subjects {
		values := make(plotter.Values, len(works))
		for j, work := range works {
			values[j] = 1e6 * center(r.find("HTTP", "size=200B", "work="+work, "subject="+s.name), "sec/op")
		}
		bars, err := plotter.NewBarChart(values, bar)
		if err != nil {
			return err
		}
		bars.Color, bars.LineStyle.Width = s.color, 0
		bars.Offset = bar * vg.Length(i-1)
		p.Add(bars)
		p.Legend.Add(headings[s.name], bars)
	}
	p.Legend.Left = false
	p.NominalX(works...)
	return p.Save(width, height, file)
}

// drawCallers draws the replays per second by the number of callers, as lines.
func drawCallers(r *run, file string) error {
	callers := []string{"1", "16", "128", "1024"}
	p := newPlot("HTTP over loopback, 200 bytes, replays", "thousand calls/s")
	for _, s := range subjects {
		work := "work=replay"
		if s.name == "bare" {
			work = "work=none"
		}
		points := make(plotter.XYs, len(callers))
		for i, n := range callers {
			points[i] = plotter.XY{X: float64(i), Y: center(r.find("Loopback", "size=200B", "callers="+n, work, "subject="+s.name), "calls/s") / 1e3}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, dots.Color, line.Width = s.color, s.color, vg.Points(2)
		p.Add(line, dots)
		p.Legend.Add(headings[s.name], line)
	}
	p.NominalX(callers...)
	p.X.Label.Text = "callers"
	return p.Save(width, height, file)
}

// center returns the median, or 0 if there is none.
func center(s *series, unit string) float64 {
	sample := s.sample(unit)
	if sample == nil {
		return 0
	}
	return benchmath.AssumeNothing.Summary(sample, 0.95).Center
}
