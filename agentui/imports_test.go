package agentui

import (
	"net/http"
	"strings"
	"testing"

	"hotline/agentui/imports"
	"hotline/agentui/imports/table"
	"hotline/agentui/protocol"
)

func (p *person) upload(kind, file string) (int, string) {
	p.s.t.Helper()
	return p.do(http.MethodPost, "/api/admin/imports/"+kind, strings.NewReader(file), http.Header{"Content-Type": {"application/octet-stream"}})
}

func TestAFileIsReadThenApplied(t *testing.T) {
	s := newSite(t, nil)
	admin := s.login("admin1")
	status, body := admin.upload("phonebook", "名称,类别,号码\n第七医院,医院,0571-85029595\n坏的,机构,12\n")
	p := bodyOf[protocol.ImportPreview](t, status, body, http.StatusOK)
	if p.Summary.New != 1 || p.Summary.Wrong != 1 || p.Rows[1].Faults[0].Field != "number" || p.Columns[0].Names["zh-CN"] != "名称" {
		t.Fatalf("%s", body)
	}
	path := "/api/admin/imports/phonebook/" + p.ID + "/apply"
	if status, body = admin.post(path, protocol.ApplyImport{}); status != http.StatusConflict || !strings.Contains(body, "import_wrong") {
		t.Errorf("%d %s", status, body)
	}
	for range 2 { // the second time is a button that was pressed twice
		status, body = admin.post(path, protocol.ApplyImport{SkipWrong: true, Note: "x"})
		if a := bodyOf[protocol.ImportApplied](t, status, body, http.StatusOK); a.Version != 1 || a.Summary.New != 1 {
			t.Errorf("%s", body)
		}
	}
	if rows := s.audit.of(imports.ActionImport); len(rows) != 1 || rows[0].Object != "import:phonebook:"+p.ID {
		t.Errorf("audit %+v", rows)
	}
	if all, err := s.phonebook.List(t.Context()); err != nil || len(all) != 4 {
		t.Errorf("%d, %v", len(all), err)
	}
	for what, c := range map[string]struct {
		kind, file string
		status     int
		code       string
	}{
		"a column missing": {"users", "用户名\na\n", 400, "import_columns"}, "no table": {"users", "\x00\x01", 400, "import_format"}, "a header": {"users", "用户名,姓名,角色\n", 400, "import_empty"},
		"no such kind": {"cats", "a\nb\n", 404, "not_found"}, "too big": {"users", strings.Repeat("x", table.MostBytes+2), 413, "import_too_big"},
	} {
		if status, body = admin.upload(c.kind, c.file); status != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
	for _, file := range []string{"template.csv", "template.xlsx"} {
		status, body = admin.get("/api/admin/imports/users/" + file)
		if got, err := table.Read([]byte(body)); status != http.StatusOK || err != nil || got.Header[0] != "用户名" {
			t.Errorf("%s: %d, %v", file, status, err)
		}
	}
}
