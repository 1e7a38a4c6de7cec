package figures

import "time"

// Point is one step of a chart.
type Point struct {
	At time.Time
	Counts
	Peak int // most who waited at the same time
}

// Trend makes the steps of a chart from a time until now, without holes: all lines together, or the one that is named. Levels are those of all lines.
func Trend(all []Slice, levels []Level, line string, from, now time.Time, step time.Duration) []Point {
	from = from.Truncate(step)
	points := make([]Point, 0, now.Sub(from)/step+1)
	for at := from; !at.After(now); at = at.Add(step) {
		points = append(points, Point{At: at})
	}
	for _, s := range all {
		i := int(s.At.Sub(from) / step)
		if s.At.Before(from) || i >= len(points) || line != "" && s.Line != line {
			continue
		}
		points[i].Counts = points[i].Add(s.Counts)
	}
	waiting, next := 0, 0 // at the beginning of the step
	for i := range points {
		end := points[i].At.Add(step)
		peak := waiting
		for ; next < len(levels) && levels[next].At.Before(end); next++ {
			if !levels[next].At.Before(points[i].At) {
				peak = max(peak, levels[next].Most)
			} else {
				peak = waiting + levels[next].Change // a step from before the first point: only its end counts
			}
			waiting += levels[next].Change
		}
		points[i].Peak = peak
	}
	return points
}
