//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The chart's measures, in its own units.
const (
	chartWidth  = 860
	chartLeft   = 70
	chartRight  = 190 // for the names of the lines
	panelHeight = 110
	panelGap    = 34
	chartTop    = 40
	chartPoints = 300 // of a line; of the samples behind a point the highest is drawn
)

// curve is one line of a panel.
type curve struct {
	name, color string
	of          func(sample) float64
}

// panel is one of the graphs that stand above each other, with one scale. The
// scale begins at zero.
type panel struct {
	title  string
	curves []curve
}

var panels = []panel{
	{"memory, MiB", []curve{
		{"resident", "#1f5f99", func(s sample) float64 { return float64(s.rss) / mib }},
		{"without mapped files", "#d2691e", func(s sample) float64 { return float64(s.anonymous) / mib }},
	}},
	{"disk, MiB", []curve{{"data directory", "#1f5f99", func(s sample) float64 { return float64(s.disk) / mib }}}},
	{"live tokens, thousands", []curve{{"in memory", "#1f5f99", func(s sample) float64 { return float64(s.live) / 1000 }}}},
	{"descriptors and goroutines", []curve{
		{"descriptors", "#1f5f99", func(s sample) float64 { return float64(s.descriptors) }},
		{"goroutines", "#d2691e", func(s sample) float64 { return float64(s.goroutines) }},
	}},
	{"check of a token, ms", []curve{
		{"99 % are faster", "#d2691e", func(s sample) float64 { return float64(s.checkSlow) / 1e6 }},
		{"half are faster", "#1f5f99", func(s sample) float64 { return float64(s.checkMiddle) / 1e6 }},
	}},
	{"tokens issued, millions", []curve{{"so far", "#1f5f99", func(s sample) float64 { return float64(s.issued) / 1e6 }}}},
}

// chart draws the samples as SVG, with the parts that are compared shaded.
func chart(samples []sample, w window) []byte {
	var out bytes.Buffer
	height := chartTop + len(panels)*(panelHeight+panelGap) + 20
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", chartWidth, height)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", chartWidth, height)
	if len(samples) > 0 {
		last := samples[len(samples)-1]
		fmt.Fprintf(&out, `<text x="%d" y="20" font-size="14">%.1f million tokens issued in %s; shaded: what is compared</text>`+"\n",
			chartLeft, float64(last.issued)/1e6, w.end.Round(time.Second))
		x := axis{0, last.at.Minutes(), chartLeft, chartWidth - chartRight}
		for i, p := range panels {
			p.draw(&out, samples, w, x, float64(chartTop+i*(panelHeight+panelGap)))
		}
		fmt.Fprintf(&out, `<text x="%d" y="%d">minutes since the beginning</text>`+"\n", chartLeft, height-8)
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// axis leads values to places.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	return a.from + (v-a.low)/(a.high-a.low)*(a.to-a.from)
}

// ticks are round values, about five of them.
func (a axis) ticks() (values []float64) {
	raw := (a.high - a.low) / 5
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{10, 5, 2} {
		if step*m <= raw*1.5 {
			step *= m
			break
		}
	}
	for v := math.Ceil(a.low/step) * step; v <= a.high; v += step {
		values = append(values, v)
	}
	return values
}

func (p panel) draw(out *bytes.Buffer, samples []sample, w window, x axis, top float64) {
	bottom := top + panelHeight
	highest := 0.0
	for _, c := range p.curves {
		for _, s := range samples {
			highest = max(highest, c.of(s))
		}
	}
	y := axis{0, max(highest*1.1, 1), bottom, top}
	for _, from := range []time.Duration{w.begin, w.begin + w.during} {
		fmt.Fprintf(out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="#e8e8e8"/>`+"\n",
			x.at(from.Minutes()), top, x.at((from+w.span).Minutes())-x.at(from.Minutes()), panelHeight)
	}
	fmt.Fprintf(out, `<text x="%d" y="%.1f" font-weight="bold">%s</text>`+"\n", chartLeft, top-4, p.title)
	for _, v := range y.ticks() {
		fmt.Fprintf(out, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n",
			chartLeft, y.at(v), chartWidth-chartRight, chartLeft-6, y.at(v)+4, v)
	}
	for _, v := range x.ticks() {
		fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="middle">%g</text>`+"\n", x.at(v), bottom+14, v)
	}
	for i, c := range p.curves {
		fmt.Fprintf(out, `<polyline fill="none" stroke="%s" stroke-width="1.3" points="%s"/>`+"\n", c.color, c.points(samples, x, y))
		fmt.Fprintf(out, `<text x="%d" y="%.1f" fill="%s">%s</text>`+"\n", chartWidth-chartRight+10, top+14+float64(i)*16, c.color, c.name)
	}
}

// points are the line; each stands for the highest of some samples.
func (c curve) points(samples []sample, x, y axis) string {
	var points []string
	for some := range slices.Chunk(samples, max(1, (len(samples)+chartPoints-1)/chartPoints)) {
		highest := slices.MaxFunc(some, func(a, b sample) int {
			switch d := c.of(a) - c.of(b); {
			case d < 0:
				return -1
			case d > 0:
				return 1
			}
			return 0
		})
		points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(some[0].at.Minutes()), y.at(c.of(highest))))
	}
	return strings.Join(points, " ")
}
