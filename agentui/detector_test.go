package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline/agentui/detectors"
	"hotline/agentui/people"
	"hotline/agentui/protocol"
	"hotline/casework"
)

func (s *site) detected(_ context.Context, d detectors.Detection) error {
	s.foundMu.Lock()
	defer s.foundMu.Unlock()
	if s.foundErr == nil {
		s.found = append(s.found, d)
	}
	return s.foundErr
}

// sense sends a finding with a secret.
func (p *person) sense(secret, body string) (int, string) {
	h := http.Header{"Content-Type": {"application/json"}}
	if secret != "" {
		h.Set("Authorization", "Bearer "+secret)
	}
	resp := p.raw("POST", "/api/detector", strings.NewReader(body), h)
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Error string
	}
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer.Error
}

// ask sends a request that must be granted, and reads the answer into out unless that is nil.
func (p *person) ask(method, path string, body, out any) {
	p.s.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	h := http.Header{}
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	status, answer := p.do(method, path, strings.NewReader(string(b)), h)
	if status != http.StatusOK {
		p.s.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(answer), out); err != nil {
			p.s.t.Fatal(err)
		}
	}
}

const detectedCall = "01J0000000000000000000000D"

func finding(source string) string {
	return fmt.Sprintf(`{"call":%q,"kind":"speech","level":"high","score":0.93,"at":%d,"source":%q}`, detectedCall, time.Now().UnixMilli(), source)
}

func TestDetector(t *testing.T) {
	s := newSite(t, nil)
	admin, machine := s.login("admin1"), s.newPerson()
	if err := casework.NewLedger(s.db).Open(t.Context(), casework.CallRecord{ID: detectedCall, Line: "12355", Dialled: "12355", Node: "node-1", Tier: "normal", Arrived: time.Now()}); err != nil {
		t.Fatal(err)
	}
	var made protocol.DetectorMade
	admin.ask("POST", "/api/admin/detectors", protocol.MakeDetector{Name: "语音风险识别"}, &made)
	for what, secret := range map[string]string{"none": "", "wrong": made.Secret[1:], "the id": made.Detector} {
		if status, code := machine.sense(secret, finding("1")); status != http.StatusUnauthorized || code != "signed_out" {
			t.Errorf("%s: %d %s", what, status, code)
		}
	}
	if status, _ := machine.sense(made.Secret, finding("1")); status != http.StatusAccepted {
		t.Fatalf("%d", status)
	}
	got := s.found[0]
	if len(s.found) != 1 || got.Detector != "detector:"+made.Detector || got.Source != "detector:"+made.Detector+":1" || got.Call != detectedCall || got.Line != "12355" || got.Level != "high" || got.Kind != "speech" {
		t.Errorf("%+v", s.found)
	}
	said := s.audit.of(detectors.ActionDetection)
	if len(said) != 1 || string(said[0].Actor) != got.Detector || said[0].Object != "call:"+detectedCall || said[0].Reason != "speech high 0.93" {
		t.Errorf("%+v", said)
	}
	if status, code := machine.sense(made.Secret, strings.Replace(finding("2"), "0000D", "0000E", 1)); status != http.StatusNotFound || code != "not_found" {
		t.Errorf("of no call: %d %s", status, code)
	}
	if status, code := machine.sense(made.Secret, `{"call":"x"}`); status != http.StatusBadRequest || code != "bad_request" {
		t.Errorf("malformed: %d %s", status, code)
	}
	s.foundMu.Lock()
	s.foundErr = errors.New("away")
	s.foundMu.Unlock()
	if status, code := machine.sense(made.Secret, finding("3")); status != http.StatusServiceUnavailable || code != "unavailable" {
		t.Errorf("not taken: %d %s", status, code)
	}
	status := 0
	for range detectors.Burst {
		status, _ = machine.sense(made.Secret, "{}")
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("running wild: %d", status)
	}
	var list protocol.OutsideDetectors
	admin.ask("GET", "/api/admin/detectors", nil, &list)
	if len(list.Detectors) != 1 || list.Detectors[0].UsedAt == 0 || list.Detectors[0].ByName != "管理员一" {
		t.Errorf("%+v", list)
	}
	admin.ask("POST", "/api/admin/detectors/"+made.Detector+"/revoke", struct{}{}, nil)
	if status, _ := machine.sense(made.Secret, finding("4")); status != http.StatusUnauthorized {
		t.Errorf("taken back: %d", status)
	}
	for _, action := range []string{detectors.ActionDetectorMake, detectors.ActionDetectorRevoke} {
		if len(s.audit.of(action)) != 1 {
			t.Errorf("%s is not in the audit trail", action)
		}
	}
	if strings.Contains(s.logs.String(), made.Secret) {
		t.Error("the secret is in the log")
	}
}

func TestStaffTelephones(t *testing.T) {
	s := newSite(t, nil)
	boss, security := s.login("supervisor1"), s.login("security1")
	var mine protocol.Telephone
	boss.ask("GET", "/api/account/telephone", nil, &mine)
	if mine != (protocol.Telephone{}) {
		t.Errorf("%+v", mine)
	}
	if status, body := boss.post("/api/account/telephone", protocol.SetTelephone{Number: "110"}); status != http.StatusBadRequest || !strings.Contains(body, "bad_telephone") {
		t.Errorf("%d %s", status, body)
	}
	boss.ask("POST", "/api/account/telephone", protocol.SetTelephone{Number: " 138 0013 8000 "}, &mine)
	if mine.Masked != "138******00" || mine.ByName != "督导一" || mine.SetAt == 0 {
		t.Errorf("%+v", mine)
	}
	u, err := s.users.ByName(t.Context(), "supervisor1")
	if err != nil {
		t.Fatal(err)
	}
	path := "/api/people/" + string(u.ID) + "/telephone"
	var seen protocol.Telephone
	if security.ask("GET", path, nil, &seen); seen != mine {
		t.Errorf("%+v", seen)
	}
	security.ask("POST", path, protocol.SetTelephone{}, &seen)
	if seen.Masked != "" {
		t.Errorf("%+v", seen)
	}
	if status, _ := security.post("/api/people/u-01J00000000000000000000000/telephone", protocol.SetTelephone{Number: "13800138000"}); status != http.StatusNotFound {
		t.Errorf("of nobody: %d", status)
	}
	said := s.audit.of(people.ActionTelephone)
	if len(said) != 3 || said[1].Object != "user:"+string(u.ID) || said[1].Reason != "set" || said[2].Reason != "removed" {
		t.Errorf("%+v", said)
	}
	if strings.Contains(s.logs.String(), "13800138000") || strings.Contains(fmt.Sprint(said), "13800138000") {
		t.Error("the number is in the log or the audit trail")
	}
}
