package statistics

import "slices"

// tiles are the columns that are not made of others without a gap, and for each of them the places of the columns of which it is a part, its own too.
// Pure.
func tiles(columns []Column) (least []Column, into [][]int) {
	made := make([][]int, len(columns)) // of which others
	for i, whole := range columns {
		var inner []int
		for j, c := range columns {
			if j != i && c.Line == whole.Line && !c.From.Before(whole.From) && !c.To.After(whole.To) && (c.From.After(whole.From) || c.To.Before(whole.To)) {
				inner = append(inner, j)
			}
		}
		slices.SortFunc(inner, func(a, b int) int { return columns[a].From.Compare(columns[b].From) })
		at := whole.From
		for _, j := range inner {
			if !columns[j].From.Equal(at) {
				at = whole.From
				break
			}
			at = columns[j].To
		}
		if len(inner) > 0 && at.Equal(whole.To) {
			made[i] = inner
		}
	}
	for i, c := range columns {
		if made[i] != nil {
			continue
		}
		places := []int{i}
		for j, inner := range made {
			if slices.Contains(inner, i) {
				places = append(places, j)
			}
		}
		least, into = append(least, c), append(into, places)
	}
	return least, into
}

// spread puts what was counted for the columns of tiles to every column of which they are a part.
func spread(all []Counted, into [][]int) []Counted {
	var out []Counted
	for _, c := range all {
		for _, column := range into[c.Column] {
			c.Column = column
			out = append(out, c)
		}
	}
	return out
}
