package referrals

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC) // a Thursday

func service(id, name, region string, level Level, kind Kind, hours string) Service {
	open, err := ReadHours(hours)
	if err != nil {
		panic(err)
	}
	return Service{ID: id, Level: level, Kind: kind, Names: documents.Words{"zh-CN": name}, Region: region, Open: open}
}

func TestHours(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "24小时": "24h", "周一至周五 8:30-11:30, 13:30-17:00；周六 9:00-12:00": "1-5 08:30-11:30; 1-5 13:30-17:00; 6 09:00-12:00",
		"1-5 08:30-17:00": "1-5 08:30-17:00", "每天 9:00-21:00": "09:00-21:00", "工作日 9:00－17:00": "1-5 09:00-17:00", "周一、周三、周五 08:00-12:00": "1,3,5 08:00-12:00",
		"星期六至星期日 10:00~24:00": "6-7 10:00-00:00", "22:00-06:00": "22:00-06:00", "Mon-Fri 9:00-17:00": "1-5 09:00-17:00",
	} {
		all, err := ReadHours(text)
		if err != nil || WriteHours(all) != want {
			t.Errorf("%q is %q, %v, want %q", text, WriteHours(all), err, want)
		}
		again, err := ReadHours(want)
		if err != nil || WriteHours(again) != want {
			t.Errorf("%q again is %q, %v", want, WriteHours(again), err)
		}
	}
	for _, bad := range []string{"早上", "周八 9:00-10:00", "9-17", "25:00-26:00", "周五-周一 9:00-10:00"} {
		if all, err := ReadHours(bad); !errors.Is(err, ErrHours) {
			t.Errorf("%q is %+v, %v", bad, all, err)
		}
	}
}

func TestOpenAt(t *testing.T) {
	for _, tc := range []struct {
		hours       string
		at          time.Duration // from Thursday noon
		open, known bool
	}{
		{"", 0, false, false}, {"24h", 0, true, true}, {"1-5 08:30-11:30, 13:30-17:00", 0, false, true}, {"1-5 08:30-11:30, 13:30-17:00", 2 * time.Hour, true, true},
		{"6 09:00-12:00", 0, false, true}, {"22:00-06:00", 11 * time.Hour, true, true}, {"22:00-06:00", 17 * time.Hour, true, true}, {"22:00-06:00", 18 * time.Hour, false, true},
		{"5 22:00-06:00", 17 * time.Hour, false, true}, {"4 22:00-06:00", 17 * time.Hour, true, true}, {"20:00-24:00", 11*time.Hour + 59*time.Minute, true, true},
		{"20:00-24:00", 12 * time.Hour, false, true},
	} {
		open, known := service("a", "a", "a", City, Other, tc.hours).OpenAt(noon.Add(tc.at))
		if open != tc.open || known != tc.known {
			t.Errorf("%q %s after: %v, %v", tc.hours, tc.at, open, known)
		}
	}
}

func TestFind(t *testing.T) {
	d := Directory{Services: []Service{
		service("a", "市第七人民医院", "杭州市", City, Psychiatry, "24h"), service("b", "西湖区心理服务站", "杭州市西湖区", County, Counsel, "1-5 09:00-17:00"),
		service("c", "翠苑社区社工站", "杭州市西湖区翠苑街道", Community, Social, "13:00-17:00"), service("e", "Youth Centre", "杭州市西湖区", County, Support, ""),
	}}
	d.Services[1].Note = "医院转介优先"
	d.Services = append(d.Services, service("x", "已撤销的站", "杭州市西湖区", County, Counsel, "24h"))
	d.Services[4].Closed = true
	for _, tc := range []struct {
		what string
		q    Query
		want []string
	}{
		{"all", Query{}, []string{"a", "b", "c", "e"}}, {"the name before what is noted", Query{Words: "医院"}, []string{"a", "b"}},
		{"part of a region", Query{Region: "西湖"}, []string{"b", "c", "e"}}, {"level", Query{Level: Community}, []string{"c"}}, {"kind", Query{Kind: Psychiatry}, []string{"a"}},
		{"open, or not known", Query{OpenAt: noon}, []string{"a", "b", "e"}}, {"two words", Query{Words: "翠苑 社工"}, []string{"c"}},
		{"full width, any case", Query{Words: "ｙｏｕｔｈ"}, []string{"e"}}, {"nothing", Query{Words: "北京"}, nil},
	} {
		var got []string
		for _, s := range d.Find(tc.q) {
			got = append(got, s.ID)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.what, got, tc.want)
		}
	}
	bad := service("", "", "", "state", "bank", "")
	bad.Open = []Opening{{Days: []int{9}, From: "8:3", To: "x"}}
	fs, ok := errors.AsType[documents.Faults](Directory{Services: []Service{bad}}.Validate())
	if !ok || len(fs) < 7 {
		t.Errorf("%v", fs)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
}

func TestReferral(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, dir := t.Context(), t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(ctx, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		clock := noon
		s.now = func() time.Time { return clock }
		d := Directory{Services: []Service{service("a", "市第七人民医院", "杭州市", City, Psychiatry, "24h")}}
		if _, err := s.Versions.Save(ctx, 0, d, "u-9", "首批"); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Find(ctx, Query{Words: "七"}); err != nil || len(found) != 1 {
			t.Errorf("%+v, %v", found, err)
		}
		send := Sending{Request: "r1", Ref: "1-x", Call: "c1", Service: "a", By: "u-1", Note: "愿意去"}
		r, err := s.Send(ctx, send)
		again, errAgain := s.Send(ctx, send)
		if err != nil || errAgain != nil || again.ID != r.ID || r.State != Sent || r.Name != "市第七人民医院" {
			t.Errorf("%+v, %v; %+v, %v", r, err, again, errAgain)
		}
		send.Request, send.Service = "r2", "none"
		if _, err := s.Send(ctx, send); !errors.Is(err, ErrService) {
			t.Errorf("%v", err)
		}
		// Nothing is heard for a week: somebody asks, and it stays sent.
		if o, err := s.Owed(ctx); o.Due["u-1"] != 0 || err != nil {
			t.Errorf("%+v, %v", o, err)
		}
		clock = clock.Add(7 * 24 * time.Hour)
		if o, err := s.Owed(ctx); o.Due["u-1"] != 1 || err != nil {
			t.Errorf("%+v, %v", o, err)
		}
		if r, err = s.Tell(ctx, r.ID, Report{State: Asked, By: "u-1"}); err != nil || r.State != Sent || !r.Remind.Equal(clock.Add(7*24*time.Hour)) {
			t.Errorf("%+v, %v", r, err)
		}
		for _, bad := range []Report{
			{State: Accepted, By: "u-1"}, {State: Accepted, By: "u-1", Said: "门诊", How: ByService}, {State: Accepted, By: "u-1", Said: "门诊", How: ByService, On: clock.Add(time.Hour)},
			{State: Sent, By: "u-1"}, {State: Unknown, By: "u-1"}, {State: Accepted, Said: "门诊", How: ByService, On: clock},
		} {
			if _, err := s.Tell(ctx, r.ID, bad); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		r, err = s.Tell(ctx, r.ID, Report{State: Accepted, By: "u-1", Said: "门诊陈护士", How: ByService, On: clock.Add(-24 * time.Hour), Note: "下周一上午"})
		if err != nil || r.State != Accepted || !r.Remind.Equal(clock.Add(14*24*time.Hour)) {
			t.Errorf("%+v, %v", r, err)
		}
		clock = clock.Add(24 * time.Hour)
		if r, err = s.Tell(ctx, r.ID, Report{State: Attended, By: "u-2", Said: "本人", How: ByPerson, On: clock}); err != nil || r.State != Attended || !r.Remind.IsZero() {
			t.Errorf("%+v, %v", r, err)
		}
		all, err := s.Reports(ctx, r.ID)
		if err != nil || len(all) != 4 || all[0].Note != "愿意去" || all[1].State != Asked || all[2].Said != "门诊陈护士" || all[2].Note != "下周一上午" || all[3].How != ByPerson {
			t.Errorf("%+v, %v", all, err)
		}
		if of, err := s.Of(ctx, nil, []string{"1-x"}, ""); err != nil || len(of) != 1 {
			t.Errorf("%+v, %v", of, err)
		}
		if w, err := s.Waiting(ctx, 10); err != nil || len(w) != 0 {
			t.Errorf("%+v, %v", w, err)
		}
		if w, err := s.Recent(ctx, 10); err != nil || len(w) != 1 {
			t.Errorf("%+v, %v", w, err)
		}
		if _, err := s.Tell(ctx, "none", Report{State: Asked, By: "u-1"}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		if _, err := s.Get(ctx, "none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}
