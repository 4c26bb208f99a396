package main

import (
	"fmt"
	"html"
	"strings"
)

// Sizes in pixels.
const (
	columnWidth    = 300
	margin         = 80
	rowHeight      = 46
	headHeight     = 34
	headWidth      = 120
	gap            = 8 // between a text or an arrow and the next line
	characterWidth = 7 // of the average character at 13 px
)

const style = `<style>
text { font: 13px ui-sans-serif, system-ui, sans-serif; text-anchor: middle; fill: #1f2328 }
.page { fill: #ffffff }
.head, .note { fill: #ddf4ff; stroke: #0969da }
.life { stroke: #8c959f; stroke-dasharray: 3 4 }
.sent { stroke: #1f2328; fill: none; stroke-width: 1.5 }
.lost { stroke: #cf222e; fill: none; stroke-width: 1.5; stroke-dasharray: 6 4 }
.cross { stroke: #cf222e; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117 }
.head, .note { fill: #0c2d6b; stroke: #58a6ff }
.sent { stroke: #e6edf3 }
}
</style>
`

func (f figure) draw() string {
	width, height := f.width(), f.y(len(f.steps))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n%s", html.EscapeString(f.title), html.EscapeString(f.describe()), style)
	fmt.Fprintf(&b, `<rect class="page" width="%d" height="%d" rx="6"/>`+"\n", width, height)
	for i, name := range f.actors {
		fmt.Fprintf(&b, `<path class="life" d="M%d %dV%d"/>`+"\n", f.x(i), gap+headHeight, height-gap)
		box(&b, "head", f.x(i), gap+headHeight/2, headWidth, headHeight, name)
	}
	for i, s := range f.steps {
		if y := f.y(i); s.from == s.to {
			box(&b, "note", f.x(s.from), y, characterWidth*len(s.text)+2*gap, headHeight-gap, s.text)
		} else {
			arrow(&b, f.x(s.from), f.x(s.to), y, s)
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (f figure) x(column int) int { return margin + column*columnWidth }
func (f figure) y(row int) int    { return gap + headHeight + rowHeight*(row+1) }
func (f figure) width() int       { return 2*margin + (len(f.actors)-1)*columnWidth }

// describe returns the steps as a text.
func (f figure) describe() string {
	steps := make([]string, len(f.steps))
	for i, s := range f.steps {
		steps[i] = f.actors[s.from] + ": " + s.text
		if s.from != s.to {
			steps[i] = f.actors[s.from] + " to " + f.actors[s.to] + ": " + s.text
		}
	}
	return strings.Join(steps, "; ") + "."
}

func box(b *strings.Builder, class string, x, y, width, height int, text string) {
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="4"/>`, class, x-width/2, y-height/2, width, height)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", x, y+5, html.EscapeString(text))
}

func arrow(b *strings.Builder, from, to, y int, s step) {
	class, end, way := "sent", to, 1
	if to < from {
		way = -1
	}
	if s.lost {
		class, end = "lost", from+(to-from)/2
	}
	fmt.Fprintf(b, `<path class="%s" d="M%d %dH%d"/>`, class, from, y, end)
	if s.lost {
		fmt.Fprintf(b, `<path class="cross" d="M%d %dl12 12m0 -12l-12 12"/>`, end-6, y-6)
	} else {
		fmt.Fprintf(b, `<path class="%s" d="M%d %dL%d %dL%d %d"/>`, class, end-9*way, y-5, end, y, end-9*way, y+5)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", (from+to)/2, y-gap, html.EscapeString(s.text))
}
