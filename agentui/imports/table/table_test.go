package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const rows = "姓名,号码\r\n王五,0571\r\n\r\n\"李,六\",\"a\nb\"\r\n"

func TestEncodings(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(rows)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(rows, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	wide = strings.ReplaceAll(wide, "\"李\t六\"", "x")
	for name, file := range map[string]string{"UTF-8": rows, "with a mark": "\ufeff" + rows, "GB18030": gb, "UTF-16": wide} {
		got, err := Read([]byte(file))
		if err != nil || got.Header[0] != "姓名" || len(got.Rows) != 2 || got.Rows[0].Cells[1] != "0571" || got.Rows[0].Line != 2 || got.Rows[1].Line != 4 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := Read([]byte("a;b\n1;2\n")); err != nil || got.Rows[0].Cells[1] != "2" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsNoTable(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"nothing": {"", ErrEmpty}, "a header alone": {"a,b\n", ErrEmpty}, "empty rows": {"a,b\n,,\n \n", ErrEmpty}, "a picture": {"\x89PNG\r\n\x1a\n\x00", ErrFormat},
		"a broken quote": {"a,b\n\"x,y\n", ErrFormat}, "no text": {"a\n\xff\xff\xff", ErrCharset}, "a broken XLSX": {"PK\x03\x04xxxx", ErrFormat},
		"too many columns": {strings.Repeat("a,", 70) + "\n" + strings.Repeat("b,", 70), ErrTooBig}, "too many rows": {"a\n" + strings.Repeat("b\n", MostRows+1), ErrTooBig},
		"a long cell": {"a\n" + strings.Repeat("b", mostCell+1), ErrTooBig}, "too many bytes": {strings.Repeat("a", MostBytes+1), ErrTooBig},
	} {
		if got, err := Read([]byte(c.file)); !errors.Is(err, c.want) {
			t.Errorf("%s: %d rows, %v", name, len(got.Rows), err)
		}
	}
}

func TestXLSX(t *testing.T) {
	var b bytes.Buffer
	if err := WriteXLSX(&b, [][]string{{"日期", "时间", "号码", "和"}, {"2026-10-01", "08:00", "0571", "x"}}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	for cell, v := range map[string]any{"A3": 46296, "B3": 1.0 / 3, "C3": 110} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellFormula("Sheet1", "D3", "=1+1"); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Read(b.Bytes())
	if err != nil || len(got.Rows) != 2 || got.Rows[0].Cells[2] != "0571" {
		t.Fatalf("%+v, %v", got, err)
	}
	row := got.Rows[1].Cells
	date, ok1 := Date(row[0])
	clock, ok2 := Clock(row[1])
	if !ok1 || !ok2 || date != "2026-10-01" || clock != "08:00" || row[2] != "110" {
		t.Errorf("%v: %s %s", row, date, clock)
	}
	if len(row) > 3 && strings.Contains(row[3], "=") {
		t.Errorf("a formula came through: %q", row[3])
	}
}

// TestABomb: what unpacks to far more than it is, is not unpacked.
func TestABomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 4 {
		w, err := z.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1))
		if err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range 20 {
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(b.Bytes()); !errors.Is(err, ErrTooBig) {
		t.Errorf("%d bytes: %v", b.Len(), err)
	}
}

func TestDatesAndClocks(t *testing.T) {
	for text, want := range map[string]string{"2026-10-01": "2026-10-01", "2026/1/2": "2026-01-02", "2026年10月1日": "2026-10-01", "46296": "2026-10-01", "46296.5": "2026-10-01"} {
		if got, ok := Date(text); got != want || !ok {
			t.Errorf("%s: %s", text, got)
		}
	}
	for text, want := range map[string]string{"08:00": "08:00", "8:05": "08:05", "8：30": "08:30", "0.9375": "22:30", "24:00": "24:00", "1": "24:00", "22:00:00": "22:00"} {
		if got, ok := Clock(text); got != want || !ok {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"", "x", "2026-02-30", "12", "25:00"} {
		if got, ok := Date(text); ok {
			t.Errorf("%q is %s", text, got)
		}
		if got, ok := Clock(text); ok {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(rows))
	f.Add([]byte("a;b\n1;2"))
	f.Add([]byte("\xff\xfea\x00\n\x00b\x00"))
	var b bytes.Buffer
	if err := WriteXLSX(&b, [][]string{{"a"}, {"1"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Read(file)
		if err != nil {
			return
		}
		for _, r := range got.Rows {
			for _, c := range r.Cells {
				Date(c)
				Clock(c)
			}
			if r.Line < 1 || len(r.Cells) > mostColumns {
				t.Errorf("%+v", r)
			}
		}
	})
}
