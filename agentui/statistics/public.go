package statistics

import (
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/statistics"
)

// publicStatistics answers with what the public may see; v is nil for who has a link of its own.
func (p *Pages) publicStatistics(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(statisticsWithin))
	known, err := p.Store.PublicRead(r.Context(), p.Zone())
	if !p.Answered(w, r, err) {
		return
	}
	out := protocol.PublicStatistics{
		At: protocol.Millis(known.At), Locale: p.Locale, Small: known.Small, Step: string(known.Step), Columns: []protocol.StatisticsColumn{}, Tables: []protocol.PublicTable{},
		Missing: []protocol.PublicMissing{}, Connected: append([]float64{}, known.Connected...), Within15: append([]float64{}, known.Within15...),
	}
	for _, c := range known.Columns {
		out.Columns = append(out.Columns, p.statisticsColumn(c, known.At))
	}
	for _, t := range known.Tables {
		table := protocol.PublicTable{Figure: string(t.Figure.ID), Version: t.Figure.Version, Names: t.Figure.Names, Definition: t.Figure.Definition, Rows: []protocol.PublicRow{}}
		for _, row := range t.Rows {
			one := protocol.PublicRow{Part: row.Part, Names: t.Figure.Names, Values: []protocol.PublicValue{}}
			if row.Part != "" {
				one.Names = p.partNames(t.Figure, row.Part)
			}
			for _, n := range row.Values {
				one.Values = append(one.Values, protocol.PublicValue(n))
			}
			table.Rows = append(table.Rows, one)
		}
		out.Tables = append(out.Tables, table)
	}
	for _, f := range statistics.All() {
		if why := known.Missing[f.ID]; why != "" {
			out.Missing = append(out.Missing, protocol.PublicMissing{Figure: string(f.ID), Names: f.Names, Why: string(why)})
		}
	}
	p.Reply(w, http.StatusOK, out)
}
