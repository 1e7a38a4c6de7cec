package simulation

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"image/color"
)

// Scenario is a plan with what came of it, over a number of runs with other callers each.
type Scenario struct {
	Name   string
	Result *Result
}

// Report is one scenario, or two of the same callers beside each other.
type Report struct {
	Begin     time.Duration // time of day
	Runs      int
	Target    time.Duration
	Scenarios []Scenario
}

func (r Report) clock(hour int) string {
	return fmt.Sprintf("%02d:00", (int(r.Begin/time.Hour)+hour)%24)
}

func (r Report) mean(n int) string {
	return strconv.FormatFloat(float64(n)/float64(r.Runs), 'f', 1, 64)
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) }

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) }

// names of the figures of one hour; figures gives them in this order, numbers as means of a run, shares in percent, waits in s.
func names() []string {
	return []string{"arrivals", "in_target_percent", "abandoned", "wait_p50_s", "wait_p90_s", "occupancy_percent"}
}

func (r Report) figures(h Hour) []string {
	return []string{r.mean(h.Arrived), percent(h.ServiceLevel()), r.mean(h.Abandoned), seconds(h.Wait(0.5)), seconds(h.Wait(0.9)), percent(h.Occupancy())}
}

// hours calls fn with each hour of all scenarios, then with the whole.
func (r Report) hours(fn func(name string, of []Hour) error) error {
	for i := range r.Scenarios[0].Result.Hours {
		var of []Hour
		for _, s := range r.Scenarios {
			of = append(of, s.Result.Hours[i])
		}
		if err := fn(r.clock(i), of); err != nil {
			return err
		}
	}
	var of []Hour
	for _, s := range r.Scenarios {
		of = append(of, s.Result.Total())
	}
	return fn("all", of)
}

// CSV writes a line an hour, the scenarios beside each other.
func (r Report) CSV(out io.Writer) error {
	w := csv.NewWriter(out)
	head := []string{"hour"}
	for _, s := range r.Scenarios {
		for _, n := range names() {
			head = append(head, s.Name+"_"+n)
		}
	}
	if err := w.Write(head); err != nil {
		return err
	}
	err := r.hours(func(name string, of []Hour) error {
		line := []string{name}
		for _, h := range of {
			line = append(line, r.figures(h)...)
		}
		return w.Write(line)
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return err
}

// Table writes the same for people.
func (r Report) Table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := "\t"
	for _, s := range r.Scenarios {
		line += s.Name + "\t\t\t\t\t\t"
	}
	fmt.Fprintln(w, line)
	line = "hour\t"
	for range r.Scenarios {
		line += "calls\tin " + r.Target.String() + "\tgave up\tp50\tp90\tbusy\t"
	}
	fmt.Fprintln(w, line)
	err := r.hours(func(name string, of []Hour) error {
		line := name + "\t"
		for _, h := range of {
			f := r.figures(h)
			line += f[0] + "\t" + f[1] + " %\t" + f[2] + "\t" + f[3] + " s\t" + f[4] + " s\t" + f[5] + " %\t"
		}
		_, err := fmt.Fprintln(w, line)
		return err
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range r.Scenarios {
		x := s.Result
		fmt.Fprintf(out, "%s: %s still waiting at the end", s.Name, r.mean(x.Left))
		if x.Answered > 0 {
			fmt.Fprintf(out, "; of the waits that would have been announced, %s %% end within what is said", percent(float64(x.Within)/float64(x.Answered)))
		}
		fmt.Fprintln(out)
	}
	return nil
}

// Chart writes an SVG: above the 90th percentile of the wait by hour, below the share answered in time.
func (r Report) Chart(out io.Writer) error {
	wait, level := plot.New(), plot.New()
	wait.Title.Text, wait.Y.Label.Text = "wait, 90th percentile", "s"
	level.Title.Text, level.Y.Label.Text, level.Y.Min, level.Y.Max = fmt.Sprintf("answered within %s", r.Target), "%", 0, 100
	wait.Y.Min, wait.Legend.Top, level.Legend.Left = 0, true, true
	for i, s := range r.Scenarios {
		waits, levels := make(plotter.XYs, len(s.Result.Hours)), make(plotter.XYs, len(s.Result.Hours))
		for h, hour := range s.Result.Hours {
			waits[h] = plotter.XY{X: float64(h), Y: hour.Wait(0.9).Seconds()}
			levels[h] = plotter.XY{X: float64(h), Y: 100 * hour.ServiceLevel()}
		}
		for p, points := range map[*plot.Plot]plotter.XYs{wait: waits, level: levels} {
			line, dots, err := plotter.NewLinePoints(points)
			if err != nil {
				return fmt.Errorf("simulation: chart: %w", err)
			}
			line.Width, line.Color, dots.Color, dots.Shape = vg.Points(2), colours(i), colours(i), draw.CircleGlyph{}
			if i > 0 {
				line.Dashes = []vg.Length{vg.Points(6), vg.Points(3)} // readable without colours
			}
			p.Add(line, dots)
			p.Legend.Add(s.Name, line, dots)
		}
	}
	for _, p := range []*plot.Plot{wait, level} {
		p.Legend.Padding, p.Legend.ThumbnailWidth = vg.Points(4), vg.Points(24)
		p.Add(plotter.NewGrid())
		p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
			var ticks []plot.Tick
			step := max(1, int(high-low)/12)
			for h := int(math.Ceil(low)); h <= int(high); h += step {
				ticks = append(ticks, plot.Tick{Value: float64(h), Label: r.clock(h)})
			}
			return ticks
		})
	}
	c := vgsvg.New(vg.Points(800), vg.Points(640))
	pads := draw.Tiles{Rows: 2, Cols: 1, PadX: vg.Points(8), PadY: vg.Points(16), PadTop: vg.Points(8), PadBottom: vg.Points(8), PadLeft: vg.Points(8), PadRight: vg.Points(16)}
	for i, row := range plot.Align([][]*plot.Plot{{wait}, {level}}, pads, draw.New(c)) {
		[]*plot.Plot{wait, level}[i].Draw(row[0])
	}
	_, err := c.WriteTo(out)
	return err
}

// colours are told apart by those who do not see all of them (Okabe and Ito).
func colours(i int) color.Color {
	return []color.Color{color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}}[i%2]
}
