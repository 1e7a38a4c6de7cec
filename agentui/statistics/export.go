package statistics

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/statistics"
)

// exportStatistics answers GET /api/statistics/export?format=xlsx|csv with a file. Who took which numbers away is recorded.
func (p *Pages) exportStatistics(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	format := r.URL.Query().Get("format")
	if format != "xlsx" && format != "csv" {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	a, report, ok := p.readStatistics(w, r)
	if !ok {
		return
	}
	whole := p.statistics(a, report, v.User.Locale)
	sheet := p.sheet(whole, v)
	var file []byte
	object := fmt.Sprintf("statistics:%s %s %s %s", format, whole.From, whole.To, a.line)
	err := p.Audited(r, v, ActionStatisticsExport, object, "", func(context.Context) (err error) {
		if format == "xlsx" {
			file, err = sheet.XLSX()
			return err
		}
		var text bytes.Buffer
		err = sheet.CSV(&text)
		file = text.Bytes()
		return err
	})
	if !p.Answered(w, r, err) {
		return
	}
	kind := map[string]string{"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}[format]
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="hotline-%s-%s.%s"`, whole.From, whole.To, format))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(file) // a browser that left needs no answer
}

// fileWords are the words of a file in a language.
func fileWords(locale string) (w struct {
	title, figure, part, unit, id, version, definition, data, definitions, allLines, madeBy, params, open string
	units                                                                                                 map[string]string
	missing                                                                                               map[string]string
	unknown                                                                                               string
}) {
	if locale == "en" {
		w.title, w.figure, w.part, w.unit, w.id, w.version, w.definition = "Statistics of the hotline", "Figure", "Part", "Unit", "Id", "Version of the definition", "Definition"
		w.data, w.definitions, w.allLines, w.madeBy, w.params, w.open = "Data", "Definitions", "All lines", "Made %s by %s", "Version of the parameters: %d", "not over yet"
		w.units = map[string]string{"count": "number", "share": "%", "mean": "points", "wait": "s", "length": "h"}
		w.missing = map[string]string{"not_yet": "not counted yet", "no_home": "not counted: no place is local yet"}
		w.unknown = "not for this column"
		return w
	}
	w.title, w.figure, w.part, w.unit, w.id, w.version, w.definition = "热线统计", "指标", "分项", "单位", "代号", "定义版本", "定义"
	w.data, w.definitions, w.allLines, w.madeBy, w.params, w.open = "数据", "指标定义", "全部线路", "%s 由%s导出", "统计参数第 %d 版", "尚未结束"
	w.units = map[string]string{"count": "个", "share": "%", "mean": "分", "wait": "秒", "length": "小时"}
	w.missing = map[string]string{"not_yet": "尚未统计", "no_home": "尚未统计：未设定本地范围"}
	w.unknown = "不分此项"
	return w
}

// sheet is a report as a file says it, in the person's language.
func (p *Pages) sheet(a protocol.Statistics, v *page.Visitor) statistics.Sheet {
	words := fileWords(v.User.Locale)
	line := words.allLines
	for _, one := range a.Lines {
		if one.Line == a.Line {
			line = one.Name + " " + one.Line
		}
	}
	out := statistics.Sheet{
		Title: words.title, Figure: words.figure, Part: words.part, Unit: words.unit, ID: words.id, Version: words.version, Definition: words.definition,
		Data: words.data, Definitions: words.definitions,
		Notes: []string{line, fmt.Sprintf(words.madeBy, time.UnixMilli(a.At).In(p.Zone()).Format(time.DateTime), v.User.Name), fmt.Sprintf(words.params, a.Params)},
	}
	for _, c := range a.Columns {
		name := c.From
		if c.To != c.From {
			name += " – " + c.To
		}
		if c.Name != "" {
			name = c.Name + " " + c.Line
		}
		if c.Open {
			name += " (" + words.open + ")"
		}
		out.Periods = append(out.Periods, name)
	}
	for _, f := range a.Figures {
		base := statistics.SheetRow{
			ID: statistics.ID(f.Figure), Version: f.Version, Name: protocol.InWords(f.Names, v.User.Locale), Unit: words.units[f.Unit], Definition: protocol.InWords(f.Definition, v.User.Locale),
		}
		if f.Missing != "" {
			for range a.Columns {
				base.Cells = append(base.Cells, statistics.Written{Text: words.missing[f.Missing]})
			}
			out.Rows = append(out.Rows, base)
			continue
		}
		for _, row := range f.Rows {
			one := base
			one.Part = protocol.InWords(row.Names, v.User.Locale)
			if row.Part == "" {
				one.Part = ""
			}
			one.Cells = nil
			for _, value := range row.Values {
				one.Cells = append(one.Cells, inUnit(f.Unit, value, words.unknown))
			}
			out.Rows = append(out.Rows, one)
		}
	}
	return out
}

// inUnit is a value in the unit in which people read it.
func inUnit(unit string, v protocol.StatisticsValue, unknown string) statistics.Written {
	switch {
	case !v.Known:
		return statistics.Written{Text: unknown}
	case unit == "count":
		return statistics.Written{Number: float64(v.N)}
	case unit == "length":
		return statistics.Written{Number: float64(v.N) / float64(time.Hour.Milliseconds()), Digits: 1}
	case v.Of == 0:
		return statistics.Written{Text: "–"}
	case unit == "share":
		return statistics.Written{Number: 100 * float64(v.N) / float64(v.Of), Digits: 1}
	case unit == "mean":
		return statistics.Written{Number: float64(v.N) / 10 / float64(v.Of), Digits: 1}
	}
	return statistics.Written{Number: float64(v.N) / 1000 / float64(v.Of), Digits: 1}
}
