package imports

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/agentui/imports/table"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/phonebook"
	"hotline/casework/referrals"
	"hotline/casework/roster"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

type site struct {
	Stores
	*Store
}

func open(t *testing.T, db *storage.DB) site {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	var s Stores
	var errs [6]error
	s.Users, errs[0] = users.Open(ctx, db)
	s.Phonebook, errs[1] = phonebook.Open(ctx, db, keys, "CN")
	s.Roster, errs[2] = roster.Open(ctx, db)
	s.Lines, errs[3] = lines.Open(ctx, db, lines.Site{})
	s.Referrals, errs[4] = referrals.Open(ctx, db, keys)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	store, err := Open(ctx, db, s)
	if err != nil {
		t.Fatal(err)
	}
	return site{s, store}
}

// states are those of the rows, in one word each.
func states(p Preview) string {
	var all []string
	for _, l := range p.Lines {
		all = append(all, string(l.State))
	}
	return strings.Join(all, " ")
}

func fault(l Line, column string) documents.Code {
	for _, f := range l.Faults {
		if f.Field == column {
			return f.Code
		}
	}
	return ""
}

func (s site) read(t *testing.T, kind, file string) Preview {
	t.Helper()
	p, err := s.Read(t.Context(), kind, []byte(file), "u-1")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s site) apply(t *testing.T, p Preview, skip bool) Applied {
	t.Helper()
	a, err := s.Apply(t.Context(), p.ID, "u-1", "", skip)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPhonebook(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db)
		p := s.read(t, "phonebook", "名称,类别,号码,备注,评分\n报警 110,报警,110,\n第七医院,医院,0571-85029595,24 小时\n坏号码,机构,12\n坏类别,朋友,110\n第七医院,医院,0571-85029596,\n,医院,0571-85029596\n急救 120,急救,120,总机")
		if got := states(p); got != "unchanged new wrong wrong wrong wrong changed" {
			t.Fatalf("%s %+v", got, p.Lines)
		}
		if fault(p.Lines[2], "number") != documents.BadNumber || fault(p.Lines[3], "kind") != documents.BadChoice || fault(p.Lines[4], "name_zh") != documents.Twice ||
			fault(p.Lines[5], "name_zh") != documents.Missing || p.Lines[5].Row != 7 || len(p.Ignored) != 1 {
			t.Errorf("%+v", p.Lines)
		}
		if _, err := s.Apply(t.Context(), p.ID, "u-1", "", false); !errors.Is(err, ErrWrong) {
			t.Errorf("with wrong rows: %v", err)
		}
		if _, err := s.Apply(t.Context(), p.ID, "u-2", "", true); !errors.Is(err, ErrGone) {
			t.Errorf("another's: %v", err)
		}
		if a := s.apply(t, p, true); a.Version != 1 || a.Summary.New != 1 || a.Summary.Changed != 1 {
			t.Errorf("%+v", a)
		}
		if a := s.apply(t, p, true); a.Version != 1 {
			t.Errorf("again: %+v", a)
		}
		v, err := s.Phonebook.Versions.Current(t.Context())
		if err != nil || v.N != 1 || len(v.Doc.Entries) != 4 || v.Origin != documents.OriginImport || v.Doc.Entries[1].Note != "总机" || v.Doc.Entries[1].Names["en"] != "Ambulance 120" {
			t.Errorf("%+v, %v", v, err)
		}
		// The same file once more: nothing is new.
		again := s.read(t, "phonebook", "name,kind,number\n第七医院,hospital,0571-85029595\n")
		if states(again) != "unchanged" {
			t.Errorf("%+v", again.Lines)
		}
		if _, err := s.Apply(t.Context(), again.ID, "u-1", "", false); !errors.Is(err, ErrNothing) {
			t.Errorf("%v", err)
		}
		// Somebody else saved in between.
		late := s.read(t, "phonebook", "name,kind,number\n第八医院,hospital,0571-85029597\n")
		if _, err := s.Phonebook.Versions.Save(t.Context(), 1, v.Doc, "u-2", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Apply(t.Context(), late.ID, "u-1", "", false); !errors.Is(err, documents.ErrStale) {
			t.Errorf("%v", err)
		}
		s.Store.now = func() time.Time { return time.Now().Add(2 * keptFor) }
		s.read(t, "phonebook", "name,kind,number\n第九医院,hospital,0571-85029597\n")
		if _, _, _, err := s.Waiting(t.Context(), late.ID, "u-1"); !errors.Is(err, ErrGone) {
			t.Errorf("after a day: %v", err)
		}
	})
}

func TestPeople(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db)
		for _, u := range []users.User{
			{Username: "agent1", Name: "甲", Role: users.Agent, Skills: queue.Skills{"youth": 3}, Group: 2}, {Username: "boss", Name: "乙", Role: users.Administrator},
		} {
			if _, err := s.Users.Create(t.Context(), u, "long enough"); err != nil {
				t.Fatal(err)
			}
		}
		p := s.read(t, "users", "用户名,姓名,角色,技能,语言\nagent1,甲甲,咨询员,,\nNew.One,丙,督导,youth:5；crisis：7,英文\nboss,丁,咨询员,,\nsec,戊,安全管理员,,\nx y,己,咨询员,,\nz,庚,咨询员,youth:99,\nagent1,甲,咨询员,,\nagent1x,"+strings.Repeat("长", 81)+",咨询员,,")
		if got := states(p); got != "changed new wrong wrong wrong wrong wrong wrong" {
			t.Fatalf("%s %+v", got, p.Lines)
		}
		for i, want := range map[int][2]string{2: {"role", string(NotByImport)}, 3: {"role", "bad_choice"}, 4: {"username", "bad_id"}, 5: {"skills", "out_of_range"}, 6: {"username", "twice"}, 7: {"name", "too_long"}} {
			if got := fault(p.Lines[i], want[0]); string(got) != want[1] {
				t.Errorf("row %d: %q, want %q", i, got, want[1])
			}
		}
		s.apply(t, p, true)
		s.apply(t, p, true)
		made, err := s.Users.ByName(t.Context(), "new.one")
		if err != nil || !made.Disabled || made.Role != users.Supervisor || made.Skills["crisis"] != 7 || made.Locale != "en" {
			t.Errorf("%+v, %v", made, err)
		}
		old, err := s.Users.ByName(t.Context(), "agent1")
		if err != nil || old.Name != "甲甲" || old.Skills["youth"] != 3 || old.Group != 2 || old.Disabled {
			t.Errorf("%+v, %v", old, err)
		}
		if all, err := s.Users.List(t.Context()); err != nil || len(all) != 3 {
			t.Errorf("%d, %v", len(all), err)
		}
	})
}

func TestRosterAndHolidays(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db)
		u, err := s.Users.Create(t.Context(), users.User{Username: "agent1", Name: "甲", Role: users.Agent}, "long enough")
		if err != nil {
			t.Fatal(err)
		}
		policy := lines.Policy{Lines: []lines.Line{{ID: "12355", Numbers: []string{"12355"}, Names: lines.Words{"zh-CN": "青少年热线", "en": "Youth line"}, Hours: lines.Hours{
			Weekly: []lines.Opening{{Days: []lines.Day{"mon"}, From: "09:00", To: "17:00"}},
		}}}}
		if _, err := s.Lines.Save(t.Context(), 0, policy, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		p := s.read(t, "roster", "person,role,date,from,to\nagent1,咨询员,2026/12/1,22:00,6:00\nnobody,咨询员,2026-12-01,08:00,12:00\nagent1,咨询员,2026-13-01,08:00,12:00\nagent1,cook,2026-12-02,8,12:00")
		if states(p) != "new wrong wrong wrong" || fault(p.Lines[1], "person") != documents.Unknown || fault(p.Lines[2], "date") != documents.BadDate ||
			fault(p.Lines[3], "from") != documents.BadClock || fault(p.Lines[3], "role") != documents.BadChoice {
			t.Fatalf("%+v", p.Lines)
		}
		s.apply(t, p, true)
		v, err := s.Roster.Versions.Current(t.Context())
		if err != nil || len(v.Doc.Shifts) != 1 || v.Doc.Shifts[0].Person != string(u.ID) || v.Doc.Shifts[0].To != "06:00" {
			t.Errorf("%+v, %v", v, err)
		}
		h := s.read(t, "holidays", "日期,线路,名称,开始,结束\n2026-10-01,12355,国庆节,,\n2026-10-02,99,,,\n2026-10-03,,短,10:00,12:00\n2026-10-40,12355,,,")
		if states(h) != "new wrong new wrong" || fault(h.Lines[3], "date") != documents.BadDate {
			t.Fatalf("%+v", h.Lines)
		}
		if a := s.apply(t, h, true); a.Version != 2 {
			t.Errorf("%+v", a)
		}
		now, err := s.Lines.Current(t.Context())
		if err != nil || len(now.Policy.Lines[0].Hours.Holidays) != 2 || now.Policy.Lines[0].Hours.Holidays[0].Name != "国庆节" {
			t.Errorf("%+v, %v", now.Policy, err)
		}
	})
}

// TestServices: hours as people write them; what has no column stays; the same name in another region is another service.
func TestServices(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db)
		p := s.read(t, "services", "名称,层级,类别,地区,开放时间,电话\n市第七人民医院,市级,精神专科,杭州市,24小时,0571-85029595\n心理服务站,区县级,心理服务,杭州市西湖区,周一至周五 8:30-17:00,\n"+
			"心理服务站,区县级,心理服务,杭州市拱墅区,早上,\n社工站,省级,社工,杭州市,,")
		if states(p) != "new new wrong wrong" || fault(p.Lines[2], "open") != documents.BadClock || fault(p.Lines[3], "level") != documents.BadChoice {
			t.Errorf("%s: %+v", states(p), p.Lines)
		}
		if a := s.apply(t, p, true); a.Version != 1 {
			t.Errorf("%+v", a)
		}
		p = s.read(t, "services", "name,level,kind,region,closed\n市第七人民医院,city,psychiatry,杭州市,是\n心理服务站,county,counselling,杭州市西湖区,")
		if states(p) != "changed unchanged" {
			t.Errorf("%s: %+v", states(p), p.Lines)
		}
		s.apply(t, p, false)
		now, err := s.Referrals.Versions.Current(t.Context())
		if err != nil || len(now.Doc.Services) != 2 || !now.Doc.Services[0].Closed || now.Doc.Services[0].Phone != "0571-85029595" || len(now.Doc.Services[1].Open) != 1 {
			t.Errorf("%+v, %v", now.Doc, err)
		}
	})
}

func TestFilesThatAreNone(t *testing.T) {
	s := open(t, storagetest.Open(t, storagetest.SQLiteURL(t)))
	if _, err := s.Read(t.Context(), "cats", []byte("a\nb"), "u-1"); !errors.Is(err, ErrKind) {
		t.Errorf("%v", err)
	}
	_, err := s.Read(t.Context(), "users", []byte("用户名,姓名\na,b"), "u-1")
	if missing, ok := errors.AsType[*ColumnError](err); !ok || len(missing.Missing) != 1 || missing.Missing[0].ID != "role" {
		t.Errorf("%v", err)
	}
	if _, err := s.Read(t.Context(), "users", []byte("\x89PNG\x00"), "u-1"); !errors.Is(err, table.ErrFormat) {
		t.Errorf("%v", err)
	}
	for _, kind := range Kinds() {
		for _, locale := range []string{"zh-CN", "en"} {
			if rows, err := s.Template(kind, locale); err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
				t.Errorf("%s: %v, %v", kind, rows, err)
			}
		}
	}
}

// FuzzCompare: no file makes an import fail in a way that the person is not told.
func FuzzCompare(f *testing.F) {
	for _, seed := range []string{"用户名,姓名,角色,技能\na,b,咨询员,x:1", "name,kind,number\na,other,13800138000", "person,role,date,from,to\na,agent,2026-1-1,8:00,9:00", "date,line\n2026-01-01,x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		tab, err := table.Read(file)
		if err != nil {
			return
		}
		p := Preview{Columns: people{}.columns()}
		all, err := p.lines(tab)
		if err != nil {
			return
		}
		for _, l := range all {
			if l.State != StateWrong {
				if u := read(l); l.State != StateWrong && u.Check() != nil {
					t.Errorf("%+v passes", u)
				}
			}
		}
	})
}
