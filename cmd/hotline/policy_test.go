package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/deploy/asterisk"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
)

// everything is a file that says all that can be said of lines.
const everything = `
trunks:
  - {name: province, kind: ip_match, host: 192.0.2.9}
partners:
  - {name: province, kind: site, number: "12356", trunk: province}
groups: {0: {zh-CN: 本中心, en: Own centre}, 1: {zh-CN: 志愿者, en: Volunteers}}
floors: {youth: 2}
exposure: {window: 4h, limit: 3, break: 15m}
patience: 5m
targets: [{within: 15s, share: 95}]
emergency_message: {zh-CN: 请先稳定情绪, en: Stabilise first}
lines:
  - id: "12355"
    numbers: ["12355", "12399"]
    name: {zh-CN: 青少年服务热线, en: Youth line}
    greeting: {zh-CN: "有危险请按{key}。这里是{line}。"}
    hours: {zone: Asia/Shanghai, weekly: [{days: [mon, tue], from: "08:00", to: "02:00"}], holidays: [{date: "2026-10-01", name: 国庆节}]}
    menu: [{key: "2", language: en, needs: {english: 3}}]
    menu_wait: 4s
    needs: {youth: 3, mandarin: 2}
    relax: [{after: 30s, skill: youth, by: 1}, {after: 1m, skill: mandarin}]
    groups: 1
    patience: 90s
    target: {within: 15s, share: 90}
    announce_every: 20s
    callback: {key: "1", abandoned: auto, caller_id: "12355", attempts: 4, every: 10m}
    overflow: [{after: 2m, when: wait, to: province}, {when: closed, to: province}]
    phones: ["sip:duty@192.0.2.20:5060", "13800138000@province"]
    emergency: {greeting: {zh-CN: "求助请按{key}。"}, relax: [{after: 5s, skill: youth}], groups: 2, callback_first: true, overflow: []}
`

func TestEverythingOfLinesIsReadAndReachesItsPlace(t *testing.T) {
	c, err := loadConfig(write(t, everything), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !c.policyInFile || len(c.Lines) != 1 || c.Lines[0].Names["en"] != "Youth line" || c.Groups[1]["en"] != "Volunteers" {
		t.Fatalf("read %+v", c.Policy)
	}
	q := c.queueConfig(c.Policy)
	if q.Floors["youth"] != 2 || q.Exposure != (queue.Exposure{Window: 4 * time.Hour, Limit: 3, Break: 15 * time.Minute}) || q.Patience != 5*time.Minute || q.Validate() != nil {
		t.Errorf("the queue gets %+v", q)
	}
	for _, emergency := range []bool{false, true} {
		l := callLine(c.Effective(c.Lines[0], emergency), spoken(c.sounds(), promptLine(c.Lines[0], "12355", nil)), c.sounds().Languages)
		if l.Needs["youth"] != 3 || l.Menu[0].Needs["english"] != 3 || l.MenuWait != 4*time.Second || l.Patience != 90*time.Second || l.Callback.Key != "1" || l.Open == nil {
			t.Errorf("the controller gets %+v", l)
		}
		if emergency != l.Callback.First || emergency != (len(l.Relax) == 1) || emergency != (l.Groups == 2) || emergency != (len(l.Overflow) == 0) {
			t.Errorf("emergency %v: the controller gets %+v", emergency, l)
		}
	}
	in := asterisk.Installation{Binary: "/usr/sbin/asterisk", Modules: "/usr/lib/asterisk/modules", Data: "/usr/share/asterisk", Version: "22.10.1"}
	files, err := c.asterisk(1, in, "a-long-generated-password", c.sounds().Dir).Render()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(files["extensions.conf"], "exten => 12399,1,") || !strings.Contains(files["queues.conf"], "PJSIP/13800138000@trunk-province") {
		t.Error("asterisk does not get all numbers and phones")
	}
	if said := c.spokenLines(); len(said) != 2 || said[0].Greeting["zh-CN"] == "" || said[1].ID != "12355_emergency" {
		t.Errorf("greetings %+v", said)
	}
}

// TestWhatPassesCanBeRendered: values at the edge of what is allowed reach Asterisk's files as they are; a policy must never be accepted that the
// Asterisk host then refuses.
func TestWhatPassesCanBeRendered(t *testing.T) {
	c, err := loadConfig(write(t, everything), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	in := asterisk.Installation{Binary: "/usr/sbin/asterisk", Modules: "/usr/lib/asterisk/modules", Data: "/usr/share/asterisk", Version: "22.10.1"}
	pool := []string{
		"12", "1", "+8612345", strings.Repeat("1", 20), strings.Repeat("1", 21), "a", "A-b", "-a", "a b", "a;b", "a,b", strings.Repeat("a", 32), strings.Repeat("a", 33), "",
		"sip:a@b:1", "sip:a@b:65536", "sip:a@[::1]:5060", "sip:a@b;c", "sip:a b@c", "sip:@c", "12@province", "12@nobody", "x@province", "12\n34", "sip:a@b\n[x]",
	}
	accepted := 0
	for _, a := range pool {
		for _, b := range pool {
			for _, p := range pool {
				c.Policy = lines.Policy{Lines: []lines.Line{{ID: a, Numbers: []string{b}, Names: lines.Words{"zh-CN": "名", "en": "name"}, Phones: []string{p}}}}
				if c.ValidateFor(c.lineSite()) != nil {
					continue
				}
				accepted++
				if _, err := c.asterisk(1, in, "a-long-generated-password", c.sounds().Dir).Render(); err != nil {
					t.Errorf("line %q, number %q, phone %q: accepted, and then: %v", a, b, p, err)
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("nothing was accepted")
	}
}

func TestTheFileIsImportedWhenItChanges(t *testing.T) {
	dir := t.TempDir()
	c, err := loadConfig("", dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(t.Context(), storage.Config{URL: c.Database})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	v, err := importPolicy(t.Context(), c, db)
	if err != nil || v.N != 1 || len(v.Policy.Lines) != 3 {
		t.Fatalf("without a file: %+v, %v", v, err)
	}
	store, err := lines.Open(t.Context(), db, c.lineSite())
	if err != nil {
		t.Fatal(err)
	}
	mine := v.Policy
	mine.Lines = slices.Clone(mine.Lines)[:2]
	if _, err := store.Save(t.Context(), 1, mine, "u-1", ""); err != nil {
		t.Fatal(err)
	}
	if v, err := importPolicy(t.Context(), c, db); err != nil || v.N != 2 {
		t.Errorf("a file that says nothing took a change back: %+v, %v", v, err)
	}
	with, err := loadConfig(write(t, everything), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := importPolicy(t.Context(), with, db); err != nil || v.N != 3 || len(v.Policy.Lines) != 1 {
		t.Errorf("a file: %+v, %v", v, err)
	}
	if v, err := importPolicy(t.Context(), with, db); err != nil || v.N != 3 {
		t.Errorf("the same file: %+v, %v", v, err)
	}
	// A start without the database serves what was in force.
	again, remembered, _ := c.remembered()
	if remembered.N != 3 || len(again.Lines) != 1 || len(remembered.Retired) != 3-1 {
		t.Errorf("remembered %+v", remembered)
	}
}
