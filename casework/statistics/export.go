package statistics

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Sheet is a report, or the public view, as it is written into a file: words in one language.
type Sheet struct {
	Title   string
	Notes   []string // by whom, when, for which line, by which parameters
	Periods []string // names of the columns
	Rows    []SheetRow
	// Words of the headers.
	Figure, Part, Unit, ID, Version, Definition, Data, Definitions string
}

// SheetRow is one figure, or one part of it.
type SheetRow struct {
	ID         ID
	Version    int
	Name       string
	Part       string
	Unit       string
	Definition string
	Cells      []Written
}

// Written is a number of a file, or a word in its place.
type Written struct {
	Number float64
	Digits int    // after the point
	Text   string // instead of the number, such as "not counted yet"
}

func (w Written) String() string {
	if w.Text != "" {
		return plain(w.Text)
	}
	return strconv.FormatFloat(w.Number, 'f', w.Digits, 64)
}

// plain keeps a spreadsheet program from taking words for a formula: names come from people. See OWASP, CSV injection.
func plain(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r\n|%") {
		return "'" + text
	}
	return text
}

// byteOrder tells spreadsheet programs that the text is UTF-8.
const byteOrder = "\ufeff"

// CSV writes one table: each row has its definition beside it.
func (s Sheet) CSV(to io.Writer) error {
	if _, err := io.WriteString(to, byteOrder); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	words := func(all ...string) (out []string) {
		for _, text := range all {
			out = append(out, plain(text))
		}
		return out
	}
	var lines [][]string
	for _, text := range append([]string{s.Title}, s.Notes...) {
		lines = append(lines, words(text))
	}
	lines = append(lines, words(slices.Concat([]string{s.Figure, s.Part, s.Unit}, s.Periods, []string{s.ID, s.Version, s.Definition})...))
	for _, row := range s.Rows {
		line := words(row.Name, row.Part, row.Unit)
		for _, c := range row.Cells {
			line = append(line, c.String()) // numbers are ours, and may be below 0
		}
		lines = append(lines, append(line, words(string(row.ID), strconv.Itoa(row.Version), row.Definition)...))
	}
	for _, line := range lines {
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// XLSX makes a workbook of two sheets: the numbers, and the definitions. Words are written as text cells, which no program calculates.
func (s Sheet) XLSX() ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // in memory
	if err := f.SetSheetName("Sheet1", s.Data); err != nil {
		return nil, fmt.Errorf("statistics: workbook: %w", err)
	}
	if _, err := f.NewSheet(s.Definitions); err != nil {
		return nil, fmt.Errorf("statistics: workbook: %w", err)
	}
	b := book{f: f}
	b.data(s)
	b.definitions(s)
	if b.err != nil {
		return nil, fmt.Errorf("statistics: workbook: %w", b.err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, fmt.Errorf("statistics: workbook: %w", err)
	}
	return out.Bytes(), nil
}

// book remembers the first thing that went wrong.
type book struct {
	f   *excelize.File
	err error
}

func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *book) text(sheet string, column, row int, text string) {
	at, err := excelize.CoordinatesToCellName(column, row)
	b.do(err)
	b.do(b.f.SetCellStr(sheet, at, text))
}

func (b *book) number(sheet string, column, row int, n float64, style int) {
	at, err := excelize.CoordinatesToCellName(column, row)
	b.do(err)
	b.do(b.f.SetCellFloat(sheet, at, n, -1, 64))
	b.do(b.f.SetCellStyle(sheet, at, at, style))
}

func (b *book) style(s *excelize.Style) int {
	id, err := b.f.NewStyle(s)
	b.do(err)
	return id
}

func (b *book) data(s Sheet) {
	head := b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EAEEEC"}}})
	bold := b.style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	digits := map[int]int{}
	for n, format := range []string{"0", "0.0", "0.00"} {
		digits[n] = b.style(&excelize.Style{CustomNumFmt: &format})
	}
	b.text(s.Data, 1, 1, s.Title)
	b.do(b.f.SetCellStyle(s.Data, "A1", "A1", bold))
	row := 2
	for _, note := range s.Notes {
		b.text(s.Data, 1, row, note)
		row++
	}
	for i, word := range slices.Concat([]string{s.Figure, s.Part, s.Unit}, s.Periods) {
		b.text(s.Data, i+1, row, word)
	}
	last, err := excelize.CoordinatesToCellName(3+len(s.Periods), row)
	b.do(err)
	b.do(b.f.SetCellStyle(s.Data, fmt.Sprintf("A%d", row), last, head))
	b.do(b.f.SetPanes(s.Data, &excelize.Panes{Freeze: true, XSplit: 3, YSplit: row, TopLeftCell: fmt.Sprintf("D%d", row+1), ActivePane: "bottomRight"}))
	b.do(b.f.SetColWidth(s.Data, "A", "B", 24))
	for _, r := range s.Rows {
		row++
		b.text(s.Data, 1, row, r.Name)
		b.text(s.Data, 2, row, r.Part)
		b.text(s.Data, 3, row, r.Unit)
		for i, c := range r.Cells {
			if c.Text != "" {
				b.text(s.Data, 4+i, row, c.Text)
			} else {
				b.number(s.Data, 4+i, row, c.Number, digits[c.Digits])
			}
		}
	}
}

func (b *book) definitions(s Sheet) {
	wrapped := b.style(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	for i, word := range []string{s.Figure, s.Unit, s.ID, s.Version, s.Definition} {
		b.text(s.Definitions, i+1, 1, word)
	}
	b.do(b.f.SetColWidth(s.Definitions, "A", "D", 20))
	b.do(b.f.SetColWidth(s.Definitions, "E", "E", 90))
	row, had := 1, map[ID]bool{}
	for _, r := range s.Rows {
		if had[r.ID] {
			continue
		}
		had[r.ID] = true
		row++
		for i, text := range []string{r.Name, r.Unit, string(r.ID), strconv.Itoa(r.Version), r.Definition} {
			b.text(s.Definitions, i+1, row, text)
		}
	}
	b.do(b.f.SetCellStyle(s.Definitions, "A2", fmt.Sprintf("E%d", max(row, 2)), wrapped))
}
