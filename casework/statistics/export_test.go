package statistics

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func evilSheet() Sheet {
	return Sheet{
		Title: "热线统计", Notes: []string{"=cmd|' /C calc'!A0"}, Periods: []string{"2026-01", "+2026-02"}, Figure: "指标", Part: "分项", Unit: "单位", ID: "代号", Version: "版本",
		Definition: "定义", Data: "数据", Definitions: "指标定义",
		Rows: []SheetRow{
			{ID: Hope, Version: 1, Name: "希望感", Unit: "分", Definition: "后减前", Cells: []Written{{Number: -3.25, Digits: 1}, {Text: "尚未统计"}}},
			{ID: Problem, Version: 1, Name: "来电问题", Part: "@SUM(A1)", Unit: "个", Definition: "-1+1", Cells: []Written{{Number: 12}, {Number: 0}}},
		},
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	must(t, evilSheet().CSV(&b))
	text, ok := strings.CutPrefix(b.String(), byteOrder)
	if !ok {
		t.Error("no mark of UTF-8")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	must(t, err)
	if len(rows) != 5 || rows[3][3] != "-3.2" && rows[3][3] != "-3.3" || rows[3][4] != "尚未统计" || rows[3][5] != "hope" || rows[3][6] != "1" || rows[3][7] != "后减前" || rows[4][3] != "12" {
		t.Errorf("%q", rows)
	}
	for y, row := range rows {
		for x, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") && (y != 3 || x != 3) { // the one number below 0
				t.Errorf("row %d, column %d is a formula: %q", y, x, cell)
			}
		}
	}
}

func TestXLSX(t *testing.T) {
	file, err := evilSheet().XLSX()
	must(t, err)
	f, err := excelize.OpenReader(bytes.NewReader(file))
	must(t, err)
	defer func() { _ = f.Close() }()
	if got := strings.Join(f.GetSheetList(), " "); got != "数据 指标定义" {
		t.Errorf("sheets %s", got)
	}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		must(t, err)
		for y, row := range rows {
			for x := range row {
				at, err := excelize.CoordinatesToCellName(x+1, y+1)
				must(t, err)
				if formula, err := f.GetCellFormula(sheet, at); err != nil || formula != "" {
					t.Errorf("%s %s is a formula: %q, %v", sheet, at, formula, err)
				}
			}
		}
	}
	n, err := f.GetCellValue("数据", "D4")
	if kind, kindErr := f.GetCellType("数据", "D4"); err != nil || kindErr != nil || n != "-3.2" && n != "-3.3" || kind == excelize.CellTypeSharedString {
		t.Errorf("%q %v %v", n, kind, err)
	}
	if text, _ := f.GetCellValue("数据", "B5"); text != "@SUM(A1)" {
		t.Errorf("%q", text)
	}
	if defined, _ := f.GetCellValue("指标定义", "E3"); defined != "-1+1" {
		t.Errorf("%q", defined)
	}
}
