package lines

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"hotline/queue"
)

func second(n int) Span { return Span(time.Duration(n) * time.Second) }

func ptr[T any](v T) *T { return &v }

// full is a policy that uses every field.
func full() Policy {
	return Policy{
		Lines: []Line{{
			ID: "12355", Numbers: []string{"12355", "+8612355"}, Names: Words{"zh-CN": "青少年服务热线", "en": "Youth line"},
			Greeting: Words{"zh-CN": "有危险请按{key}。这里是{line}。"},
			Hours:    Hours{Zone: "Asia/Shanghai", Weekly: []Opening{{Days: []Day{Monday}, From: "08:00", To: "02:00"}}, Holidays: []Holiday{{Date: "2026-10-01", Name: "国庆节"}}},
			Menu:     []Choice{{Key: "2", Language: "en", Needs: queue.Skills{"english": 3}}},
			MenuWait: second(4), Needs: queue.Skills{"youth": 3, "mandarin": 2}, Relax: []Step{{After: second(30), Skill: "youth", By: 1}, {After: second(60), Skill: "mandarin"}},
			Groups: 1, Patience: second(90), Target: Target{second(15), 95}, AnnounceEvery: second(20),
			Callback: Callback{Key: "1", Abandoned: AbandonedAuto, CallerID: "12355", Attempts: 4, Every: second(600), MayVoicemail: true},
			Overflow: []Overflow{{After: second(120), When: WhenWait, To: "province"}, {When: WhenClosed, To: "province"}},
			Phones:   []string{"sip:duty@192.0.2.20:5060"},
			Emergency: &Variant{
				Greeting: Words{"zh-CN": "{key}键求助。"}, Relax: ptr([]Step{{After: second(5), Skill: "youth"}}), Groups: ptr(2), AnnounceEvery: second(60),
				CallbackFirst: true, Overflow: ptr([]Overflow{}),
			},
		}},
		Partners: []Partner{{Name: "province", Kind: PartnerSite, Number: "12356", Trunk: "province", AnswerIsHuman: true}},
		Targets:  []Target{{second(15), 95}}, Groups: map[int]Words{0: {"zh-CN": "本中心", "en": "Own centre"}, 2: {"zh-CN": "合作方", "en": "Partner"}},
		Floors: queue.Skills{"youth": 2}, Exposure: Exposure{Window: second(4 * 3600), Limit: 3, Break: second(900)}, Patience: second(300),
		EmergencyMessage: Words{"zh-CN": "请先稳定情绪", "en": "Stabilise first"},
	}
}

func TestAFullPolicyIsValidAndKeepsItsMeaning(t *testing.T) {
	p := full()
	if err := p.ValidateFor(Site{Trunks: []string{"province"}}); err != nil {
		t.Fatal(err)
	}
	doc, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(doc)
	if err != nil || !reflect.DeepEqual(again, p) {
		t.Errorf("JSON: %+v, %v", again, err)
	}
	text, err := yaml.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var read Policy
	if err := yaml.UnmarshalWithOptions(text, &read, yaml.DisallowUnknownField()); err != nil || !reflect.DeepEqual(read, p) {
		t.Errorf("YAML: %v\n%s\n%+v", err, text, read)
	}
	if !strings.Contains(string(text), "announce_every: 20s") {
		t.Errorf("a span is not written as a person does:\n%s", text)
	}
}

func TestEffective(t *testing.T) {
	p := full()
	plain := p.Effective(p.Lines[0], false)
	if plain.Groups != 1 || plain.AnnounceEvery != second(20) || plain.Emergency != nil || plain.Callback.First || len(plain.Overflow) != 2 {
		t.Errorf("ordinary times: %+v", plain)
	}
	e := p.Effective(p.Lines[0], true)
	if e.Groups != 2 || e.AnnounceEvery != second(60) || !e.Callback.First || len(e.Overflow) != 0 || len(e.Relax) != 1 || e.Greeting["zh-CN"] != "{key}键求助。" {
		t.Errorf("emergency: %+v", e)
	}
	bare := Line{ID: "1"}
	got := p.Effective(bare, true)
	want := Line{
		ID: "1", Groups: AllGroups, MenuWait: DefaultMenuWait, AnnounceEvery: DefaultAnnounceEvery, Target: Target{second(15), 95},
		Callback: Callback{Abandoned: AbandonedTask, Attempts: DefaultAttempts, Every: DefaultEvery},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a line that says nothing: %+v", got)
	}
	if got := p.Effective(bare, false).Groups; got != 0 {
		t.Errorf("in ordinary times group %d is asked", got)
	}
}

func TestValidateNamesFieldAndFault(t *testing.T) {
	for _, c := range []struct {
		field string
		code  Code
		spoil func(*Policy)
	}{
		{"lines", Missing, func(p *Policy) { p.Lines = nil }},
		{"lines[1].id", Twice, func(p *Policy) { p.Lines = append(p.Lines, p.Lines[0]) }},
		{"lines[0].id", BadID, func(p *Policy) { p.Lines[0].ID = "a b" }},
		{"lines[0].numbers", Missing, func(p *Policy) { p.Lines[0].Numbers = nil }},
		{"lines[0].numbers[0]", BadNumber, func(p *Policy) { p.Lines[0].Numbers = []string{"12355,1"} }},
		{"lines[0].numbers[1]", Twice, func(p *Policy) { p.Lines[0].Numbers = []string{"12355", "12355"} }},
		{"lines[1].numbers[0]", TakenBy, func(p *Policy) {
			p.Lines = append(p.Lines, Line{ID: "x", Numbers: []string{"12355"}, Names: p.Lines[0].Names})
		}},
		{"lines[0].names.en", Missing, func(p *Policy) { p.Lines[0].Names = Words{"zh-CN": "名"} }},
		{"lines[0].names.fr", BadLanguage, func(p *Policy) { p.Lines[0].Names["fr"] = "x" }},
		{"lines[0].names.en", BadText, func(p *Policy) { p.Lines[0].Names["en"] = "a\nb" }},
		{"lines[0].names.en", TooLong, func(p *Policy) { p.Lines[0].Names["en"] = strings.Repeat("x", 61) }},
		{"lines[0].greeting.zh-CN", NoDangerKey, func(p *Policy) { p.Lines[0].Greeting = Words{"zh-CN": "您好"} }},
		{"lines[0].greeting.zh-CN", BadText, func(p *Policy) { p.Lines[0].Greeting = Words{"zh-CN": "{key}{name}"} }},
		{"lines[0].hours.zone", BadZone, func(p *Policy) { p.Lines[0].Hours.Zone = "Mars/Base" }},
		{"lines[0].hours.weekly[0].days", BadDay, func(p *Policy) { p.Lines[0].Hours.Weekly[0].Days = []Day{"funday"} }},
		{"lines[0].hours.weekly[0].days", Missing, func(p *Policy) { p.Lines[0].Hours.Weekly[0].Days = nil }},
		{"lines[0].hours.weekly[0].from", BadClock, func(p *Policy) { p.Lines[0].Hours.Weekly[0].From = "24:00" }},
		{"lines[0].hours.weekly[0].to", BadClock, func(p *Policy) { p.Lines[0].Hours.Weekly[0].To = "9:00" }},
		{"lines[0].hours.holidays[0].date", BadDate, func(p *Policy) { p.Lines[0].Hours.Holidays[0].Date = "2026-02-30" }},
		{"lines[0].menu[0].key", BadKey, func(p *Policy) { p.Lines[0].Menu[0].Key = "0" }},
		{"lines[0].menu[0].language", BadLanguage, func(p *Policy) { p.Lines[0].Menu[0].Language = "de" }},
		{"lines[0].menu[0].needs.a,b", BadSkill, func(p *Policy) { p.Lines[0].Menu[0].Needs = queue.Skills{"a,b": 1} }},
		{"lines[0].menu_wait_ms", BadSpan, func(p *Policy) { p.Lines[0].MenuWait = second(60) }},
		{"lines[0].needs.youth", OutOfRange, func(p *Policy) { p.Lines[0].Needs["youth"] = 11 }},
		{"lines[0].relax[1].after_ms", OutOfOrder, func(p *Policy) { p.Lines[0].Relax[1].After = second(1) }},
		{"lines[0].relax[0].skill", NoEffect, func(p *Policy) { p.Lines[0].Relax[0].Skill = "dance" }},
		{"lines[0].groups", OutOfRange, func(p *Policy) { p.Lines[0].Groups = 100 }},
		{"lines[0].target.share", OutOfRange, func(p *Policy) { p.Lines[0].Target.Share = 101 }},
		{"lines[0].announce_every_ms", BadSpan, func(p *Policy) { p.Lines[0].AnnounceEvery = second(1) }},
		{"lines[0].callback.key", BadKey, func(p *Policy) { p.Lines[0].Callback.Key = "12" }},
		{"lines[0].callback.key", Twice, func(p *Policy) { p.Lines[0].Callback.Key = "2" }},
		{"lines[0].callback.abandoned", BadChoice, func(p *Policy) { p.Lines[0].Callback.Abandoned = "never" }},
		{"lines[0].callback.caller_id", BadNumber, func(p *Policy) { p.Lines[0].Callback.CallerID = "us" }},
		{"lines[0].callback.attempts", OutOfRange, func(p *Policy) { p.Lines[0].Callback.Attempts = 21 }},
		{"lines[0].overflow[0].to", NoSuchPartner, func(p *Policy) { p.Lines[0].Overflow[0].To = "moon" }},
		{"lines[0].overflow[0].when", BadChoice, func(p *Policy) { p.Lines[0].Overflow[0].When = "bored" }},
		{"lines[0].overflow[0].after_ms", BadSpan, func(p *Policy) { p.Lines[0].Overflow[0].After = 0 }},
		{"lines[0].phones[0]", BadPhone, func(p *Policy) { p.Lines[0].Phones[0] = "tel:110" }},
		{"lines[0].phones[0]", UnknownTrunk, func(p *Policy) { p.Lines[0].Phones[0] = "110@nobody" }},
		{"lines[0].emergency.relax[0].skill", NoEffect, func(p *Policy) { (*p.Lines[0].Emergency.Relax)[0].Skill = "dance" }},
		{"lines[0].emergency.groups", OutOfRange, func(p *Policy) { p.Lines[0].Emergency.Groups = ptr(-1) }},
		{"partners[0].trunk", UnknownTrunk, func(p *Policy) { p.Partners[0].Trunk = "other" }},
		{"partners[0].kind", BadChoice, func(p *Policy) { p.Partners[0].Kind = "friend" }},
		{"partners[1].name", Twice, func(p *Policy) { p.Partners = append(p.Partners, p.Partners[0]) }},
		{"exposure.window_ms", BadSpan, func(p *Policy) { p.Exposure.Window = 0 }},
		{"floors.youth", OutOfRange, func(p *Policy) { p.Floors["youth"] = -1 }},
		{"groups.120", OutOfRange, func(p *Policy) { p.Groups[120] = Words{"zh-CN": "x", "en": "x"} }},
		{"emergency_message.en", TooLong, func(p *Policy) { p.EmergencyMessage["en"] = strings.Repeat("x", 201) }},
	} {
		t.Run(c.field+" "+string(c.code), func(t *testing.T) {
			p := full()
			c.spoil(&p)
			err := p.ValidateFor(Site{Trunks: []string{"province"}})
			fs, ok := errors.AsType[Faults](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			for _, f := range fs {
				if f.Field == c.field && f.Code == c.code {
					if text := f.Error(); !strings.HasPrefix(text, c.field+": ") || strings.ContainsAny(strings.ReplaceAll(text, "{key}", ""), "{}") && c.code != BadText && c.code != NoDangerKey {
						t.Errorf("says %q", text)
					}
					return
				}
			}
			t.Errorf("faults:\n%v", fs)
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	p := full()
	p.Lines[0].ID, p.Lines[0].Numbers, p.Partners[0].Number = "", nil, "x"
	fs, _ := errors.AsType[Faults](p.Validate())
	if len(fs) != 3 {
		t.Errorf("%d faults: %v", len(fs), fs)
	}
}

func TestEveryCodeHasAdvice(t *testing.T) {
	for _, c := range Codes() {
		if advice(c) == "" {
			t.Errorf("%s says nothing", c)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, doc := range map[string]string{
		"unknown field":   `{"lines":[],"colour":"red"}`,
		"deep inside":     `{"lines":[{"id":"1","numbers":[],"names":{},"hours":{"when":"never"}}]}`,
		"something after": `{"lines":[]} {}`,
		"wrong type":      `{"lines":{}}`,
		"too long a span": `{"lines":[],"patience_ms":9000000000000000}`,
		"too large":       `{"lines":[]}` + strings.Repeat(" ", MaxDocument),
	} {
		if _, err := Decode([]byte(doc)); !errors.Is(err, ErrDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	doc, err := Encode(full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Add([]byte(`{"lines":[{"id":"a","numbers":["12"],"names":{"zh-CN":"一","en":"one"},"hours":{"weekly":[{"days":["mon"],"from":"09:00","to":"09:00"}]}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			return
		}
		_ = p.Validate() // says its faults and does not fall over them
		for _, l := range p.Lines {
			p.Effective(l, true)
			l.Hours.Open(time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC))
		}
		doc, err := Encode(p)
		if err != nil {
			return // larger written than read: escapes
		}
		again, err := Decode(doc)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if twice, err := Encode(again); err != nil || string(twice) != string(doc) {
			t.Fatalf("written again it differs: %v\n%s\n%s", err, doc, twice)
		}
	})
}
