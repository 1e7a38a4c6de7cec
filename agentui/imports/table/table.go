// Package table reads the tables that people make with a spreadsheet program: CSV in the usual encodings, and XLSX. What is read is text; a formula is
// what it came to when the file was saved. Sizes are bounded before and while a file is unpacked.
package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Bounds of a file.
const (
	MostBytes   = 5 << 20
	mostPacked  = 40 << 20 // bytes of what an XLSX unpacks to
	MostRows    = 5000     // below the header
	mostColumns = 60
	mostCell    = 2000 // characters
)

// Errors a caller branches on.
var (
	ErrTooBig  = errors.New("table: the file is too big")
	ErrFormat  = errors.New("table: neither CSV nor XLSX")
	ErrEmpty   = errors.New("table: no row below a header")
	ErrCharset = errors.New("table: the text is neither UTF-8 nor GB18030")
)

// Table is a header and rows.
type Table struct {
	Header []string
	Rows   []Row
}

// Row is one row that is not empty.
type Row struct {
	Line  int // as the spreadsheet program counts, from 1
	Cells []string
}

// Read reads a file. Errors: ErrTooBig, ErrFormat, ErrEmpty, ErrCharset.
func Read(file []byte) (Table, error) {
	if len(file) > MostBytes {
		return Table{}, ErrTooBig
	}
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		return readXLSX(file)
	}
	return readCSV(file)
}

func readXLSX(file []byte) (t Table, err error) {
	// Raw values: how a date or a number is shown depends on the program and the country.
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{UnzipSizeLimit: mostPacked, UnzipXMLSizeLimit: mostPacked, RawCellValue: true})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size") {
			return Table{}, ErrTooBig
		}
		return Table{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return Table{}, ErrEmpty
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		return Table{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return Table{}, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if err := t.add(line, cells); err != nil {
			return Table{}, err
		}
		if line > 4*MostRows {
			return Table{}, ErrTooBig
		}
	}
	if err := rows.Error(); err != nil {
		return Table{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return t.whole()
}

func readCSV(file []byte) (t Table, err error) {
	text, err := decode(file)
	if err != nil {
		return Table{}, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.Comma = -1, separator(text)
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t.whole()
		}
		if err != nil {
			return Table{}, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		line, _ := r.FieldPos(0)
		if err := t.add(line, cells); err != nil {
			return Table{}, err
		}
	}
}

// decode makes text of what spreadsheet programs write: UTF-8 with a mark or without, UTF-16 with a mark, and GB18030, which a Chinese Excel writes.
func decode(file []byte) (string, error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		file = file[3:]
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		out, _, err := transform.Bytes(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder(), file)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return "", ErrCharset
		}
		return string(out), nil
	}
	if bytes.IndexByte(file, 0) >= 0 {
		return "", ErrFormat
	}
	if utf8.Valid(file) {
		return string(file), nil
	}
	out, _, err := transform.Bytes(simplifiedchinese.GB18030.NewDecoder(), file)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", ErrCharset
	}
	return string(out), nil
}

// separator is what the first line has most of.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best, most := ',', strings.Count(first, ",")
	for _, r := range []rune{';', '\t'} {
		if n := strings.Count(first, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

func (t *Table) add(line int, cells []string) error {
	empty := true
	out := make([]string, 0, len(cells))
	for _, c := range cells {
		c = strings.TrimSpace(strings.TrimPrefix(c, "\ufeff"))
		if utf8.RuneCountInString(c) > mostCell {
			return ErrTooBig
		}
		empty = empty && c == ""
		out = append(out, strings.ToValidUTF8(c, "\ufffd"))
	}
	switch {
	case empty:
		return nil
	case len(out) > mostColumns || len(t.Rows) >= MostRows:
		return ErrTooBig
	case t.Header == nil:
		t.Header = out
	default:
		t.Rows = append(t.Rows, Row{line, out})
	}
	return nil
}

func (t *Table) whole() (Table, error) {
	if len(t.Rows) == 0 {
		return Table{}, ErrEmpty
	}
	return *t, nil
}

// Date reads a day: "2026-10-01", "2026/10/1", "2026.10.1", "2026年10月1日", or the number by which a spreadsheet keeps it.
func Date(text string) (string, bool) {
	if t, ok := serial(text); ok {
		return t.Format(time.DateOnly), true
	}
	text = strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-", ".", "-").Replace(text)
	t, err := time.Parse("2006-1-2", text)
	return t.Format(time.DateOnly), err == nil
}

// Clock reads a time of day: "08:00", "8:00", "8：00", or the part of a day by which a spreadsheet keeps it.
func Clock(text string) (string, bool) {
	if day, err := strconv.ParseFloat(text, 64); err == nil && day >= 0 && day <= 1 {
		minutes := int(day*24*60 + 0.5)
		if minutes == 24*60 {
			return "24:00", true
		}
		return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60), true
	}
	text = strings.ReplaceAll(text, "：", ":")
	if text == "24:00" {
		return text, true
	}
	for _, form := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.Format("15:04"), true
		}
	}
	return "", false
}

// serial is a day as spreadsheets count them, for the years from 1982 to 2119.
func serial(text string) (time.Time, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 30000 || n > 80000 {
		return time.Time{}, false
	}
	t, err := excelize.ExcelDateToTime(n, false)
	return t, err == nil
}

// WriteCSV writes a table so that a Chinese Excel opens it right: UTF-8 with a mark.
func WriteCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return c.WriteAll(rows)
}

// WriteXLSX writes a table of text: a number that begins with a zero stays as it is.
func WriteXLSX(w io.Writer, rows [][]string) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	style, err := f.NewStyle(&excelize.Style{NumFmt: 49}) // text
	if err != nil {
		return err
	}
	if err := f.SetColStyle("Sheet1", "A:AD", style); err != nil {
		return err
	}
	for i, row := range rows {
		for j, cell := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr("Sheet1", at, cell); err != nil {
				return err
			}
		}
	}
	return f.Write(w)
}
