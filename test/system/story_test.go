package system_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/oklog/ulid/v2"

	"hotline/agentui/users"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/test/browser"
	"hotline/test/stage"
)

// story is a red call from the first ring to the follow-ups, as docs/story tells it. HOTLINE_STORY names the folder for its pictures.
type story struct {
	*scene
	counsellor, supervisor, boss *browser.Desk
	bossUser                     stage.User
	caller                       *caller
	ambulance                    *stage.Outsider
	call, incident               string
	pictures                     string
}

// TestStory: a caller presses the danger key and tells a counsellor of pills. A supervisor at a console does not answer the alarm; another one's telephone
// rings, and she accepts by a key. She listens from her console, 120 comes into the talk, the counsellor's browser dies, she has the call, the ambulance
// arrives, two people close the incident, and five follow-ups are planned. At each step every leg is proved by the tones that its ear hears.
func TestStory(t *testing.T) {
	on, err := theHouse.open("story")
	must(t, err)
	t.Cleanup(func() { must(t, on.Stop()) })
	must(t, on.Start(t.Context()))
	s := &story{scene: playOn(t, on), pictures: os.Getenv("HOTLINE_STORY")}
	s.staff()
	for _, chapter := range []struct {
		name string
		tell func()
	}{
		{"a counsellor answers a red call", s.answered}, {"nobody at a console answers the alarm; a telephone does", s.alarmed}, {"the supervisor listens", s.listened},
		{"120 comes into the talk", s.joined}, {"the counsellor's browser dies", s.vanished}, {"what is known, asked and told", s.looked}, {"the end of the call", s.over},
		{"two people close it", s.closed}, {"what comes after", s.followed},
	} {
		began := time.Now()
		chapter.tell()
		t.Logf("%s: %v", chapter.name, time.Since(began).Round(100*time.Millisecond))
	}
}

// staff hires a second supervisor, gives her a telephone, and shortens the time for an alarm at a console to the least that a policy may say.
func (s *story) staff() {
	ctx := s.t.Context()
	hired, err := s.HireAs(ctx, users.Supervisor, "boss", 1, nil)
	must(s.t, err)
	s.telephone(hired[0].Name, private+"9999")
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + filepath.Join(s.Dir, "data", "hotline.db")})
	must(s.t, err)
	rules, err := policy.Open(ctx, db)
	must(s.t, err)
	doc := policy.First()
	doc.Deadlines.Acknowledge = 10
	_, err = rules.Save(ctx, 0, doc, "u-test", "")
	must(s.t, err, db.Close())
	s.supervisor = s.signIn("supervisor", 0, toneSupervisor)
	must(s.t, s.supervisor.NotReady())
	s.counsellor = s.ready(0)
	s.bossUser = hired[0]
}

// answered: the danger key, and the call is offered first and shown red.
func (s *story) answered() {
	s.caller = s.dial("12355")
	must(s.t, s.caller.SendDTMF("0"), s.counsellor.AwaitOffer(10*time.Second))
	s.keep(s.counsellor, "01-offer")
	must(s.t, s.counsellor.Accept())
	s.caller.awaitTone(3*time.Second, toneFirst)
	must(s.t, s.counsellor.AwaitHeard(3*time.Second, toneCaller))
	s.call = s.awaitCalls(2*time.Second, "talking")[0].ID
	s.incident = s.incidentOf(s.call, 5*time.Second, "there is an incident", func(in incident) bool { return in.Level == "high" }).Incident
	// One key says how much danger there is, another that it was asked about.
	must(s.t, s.counsellor.AwaitShown(5*time.Second, "incident-bar"), s.counsellor.Chord("r", chromedp.ModifierAlt), s.counsellor.AwaitShown(3*time.Second, "risk-pad"),
		s.counsellor.Press("4"), s.counsellor.Press("8"))
	s.keep(s.counsellor, "02-talk")
}

// alarmed: the supervisor's page rings and nobody presses; then a telephone does, and its key is noted before it is said so.
func (s *story) alarmed() {
	phone := s.outsider(500 * time.Millisecond)
	must(s.t, s.supervisor.AwaitAttribute(3*time.Second, "incident-bar", "data-ringing", "true"))
	s.keep(s.supervisor, "03-alarm")
	_, err := phone.Ear.AwaitSound(time.Now(), 25*time.Second, stage.Tones(stage.ToneAsk))
	must(s.t, err)
	if number := phone.Dialled(); number != private+"9999" {
		s.t.Errorf("%q was called", number)
	}
	s.accepts(phone)
	must(s.t, phone.AwaitEnd(5*time.Second))
	s.incidentOf(s.call, 3*time.Second, "she has acknowledged", func(in incident) bool { return in.Supervisor == s.bossUser.Name && in.Alarm == "" })
	must(s.t, s.supervisor.AwaitAttribute(3*time.Second, "incident-bar", "data-ringing", "false"), s.counsellor.Await(3*time.Second,
		`document.querySelector('[data-testid="incident-who"]').textContent.includes(`+fmt.Sprintf("%q", s.bossUser.Name)+`)`))
	s.keep(s.counsellor, "04-who-comes")
	s.caller.present()
}

// listened: she is at her console by now, with one key in the talk, and the caller does not hear her.
func (s *story) listened() {
	d, err := theHouse.browser(s.t, toneSecond).SignIn(s.Demo.Console, s.bossUser.Name, s.bossUser.Password)
	must(s.t, err)
	s.desks, s.boss = append(s.desks, d), d
	must(s.t, d.NotReady(), d.AwaitShown(5*time.Second, "incident-join"))
	_, err = browser.Eval[bool](d.Page, `document.querySelector('[data-testid="board-talking"] [data-main]').click(), true`)
	must(s.t, err, d.AwaitShown(3*time.Second, "call-panel"), d.Await(8*time.Second, `!document.querySelector('[data-testid="listen-monitor"]').disabled`)) // her headset is there
	began := time.Now()
	must(s.t, d.Click("listen-monitor"), d.AwaitAttribute(5*time.Second, "listen", "data-mode", "monitor"))
	must(s.t, d.AwaitHeard(5*time.Second, toneCaller), faintly(d, toneFirst))
	s.caller.spared(began, toneSecond)
	s.keep(d, "05-listens")
}

// joined: 120 is called into the talk of a caller at risk, who never hears hold audio.
func (s *story) joined() {
	s.ambulance = s.outsider(time.Second)
	s.ambulance.Ear.Say(toneOutside)
	s.callIn(s.counsellor, "120", func() { s.keep(s.counsellor, "06-numbers") })
	s.allThree(s.caller, s.counsellor, s.ambulance, toneFirst)
	must(s.t, s.boss.AwaitAmid(5*time.Second, toneCaller, toneOutside))
	s.keep(s.counsellor, "07-three")
}

// vanished: the counsellor's browser is killed. Caller and 120 go on hearing each other, the supervisor sees it and takes the talk, and nobody was on hold.
func (s *story) vanished() {
	killed := time.Now()
	must(s.t, theHouse.browser(s.t, toneFirst).Kill())
	_, err := s.ambulance.Ear.AwaitSound(killed.Add(2*time.Second), 15*time.Second, amid(toneCaller))
	must(s.t, err)
	s.caller.awaitSound(killed.Add(2*time.Second), 15*time.Second, "120", amid(toneOutside))
	s.take()
	s.allThree(s.caller, s.boss, s.ambulance, toneSecond)
	s.neverOnHold(s.caller, killed)
	s.keep(s.boss, "09-taken")
}

// take: the call is still open before her, its page says that the counsellor is gone, and one press takes it.
func (s *story) take() {
	must(s.t, s.boss.AwaitShown(10*time.Second, "panel-take-lost"))
	s.keep(s.boss, "08-vanished")
	must(s.t, s.boss.Click("panel-take-lost"), s.boss.AwaitState(8*time.Second, browser.Talking))
}

// looked: location, means, consent and what was tried, authorisation, and what exactly 120 was told.
func (s *story) looked() {
	s.does(s.boss, "facts", say{Kind: "location", Text: "城西小区 5 幢 302 室"})
	s.does(s.boss, "facts", say{Kind: "means", Text: "手里有安眠药，约三十片"})
	s.does(s.boss, "facts", say{Kind: "company", Text: "独自在家"})
	s.does(s.boss, "facts", say{Kind: "contacts", Outcome: "unknown"})
	s.does(s.boss, "consent", say{Kind: "given", Text: "同意救护车来"})
	s.does(s.boss, "measures", say{Kind: "means_away", Outcome: "partly", Text: "药放到了客厅"})
	s.does(s.boss, "authorisation", say{Kind: "imminent_danger"})
	var whole struct {
		Packet   json.RawMessage `json:"packet"`
		Services []struct {
			Contact  string `json:"contact"`
			JoinedAt int64  `json:"joined_at"`
		} `json:"services"`
	}
	s.ask(s.boss, "GET", "/api/incidents/"+s.incident, nil, &whole)
	if len(whole.Services) != 1 || whole.Services[0].Contact != "ambulance" || whole.Services[0].JoinedAt == 0 {
		s.t.Errorf("who was asked: %+v", whole.Services)
	}
	s.open(s.boss)
	s.keep(s.boss, "10-incident")
	s.does(s.boss, "disclosures", map[string]any{"contact": "ambulance", "packet": whole.Packet})
}

// over: 120 hangs up, and the call ends.
func (s *story) over() {
	must(s.t, s.boss.Click("call-hangup"))
	s.caller.awaitEnd(3 * time.Second)
	must(s.t, s.ambulance.AwaitEnd(5*time.Second))
	s.does(s.boss, "arrival", map[string]any{"who": "120 急救车随车医生", "how": "医生用来电者的电话回拨确认"})
}

// closed: one person cannot close it alone.
func (s *story) closed() {
	var refused string
	err := stage.Poll(s.t.Context(), 10*time.Second, func() bool { // that the call is over is known a second later
		status, body := s.try(s.boss, "POST", s.path("closure"), with(say{Kind: "in_care", Text: "已由急救送往市七院"}))
		refused = body
		return status == http.StatusOK
	})
	if err != nil {
		s.t.Fatalf("it cannot be closed: %s", refused)
	}
	if status, body := s.try(s.boss, "POST", s.path("closure/decide"), with(map[string]any{"yes": true, "text": ""})); status != http.StatusForbidden {
		s.t.Errorf("closed by one person: %d %s", status, body)
	}
	must(s.t, s.supervisor.Turn("incidents"), s.supervisor.AwaitShown(5*time.Second, "incident-row-open"), s.supervisor.Click("incident-row-open"),
		s.supervisor.AwaitShown(5*time.Second, "closing-confirm"))
	s.keep(s.supervisor, "11-closing")
	s.does(s.supervisor, "closure/decide", map[string]any{"yes": true, "text": "已核对记录"})
	if in := s.incidentOf(s.call, 3*time.Second, "it is closed", func(in incident) bool { return in.State == "closed" }); in.Supervisor != s.bossUser.Name {
		s.t.Errorf("%+v", in)
	}
	must(s.t, s.supervisor.AwaitShown(5*time.Second, "closed"))
	s.keep(s.supervisor, "12-closed")
}

// followed: five follow-ups, by the policy's rules.
func (s *story) followed() {
	var list struct {
		FollowUps []struct {
			Source string `json:"source"`
		} `json:"followups"`
	}
	err := stage.Poll(s.t.Context(), 10*time.Second, func() bool {
		s.ask(s.boss, "GET", "/api/followups", nil, &list)
		return len(list.FollowUps) == 5
	})
	if err != nil {
		s.t.Errorf("follow-ups: %+v", list)
	}
	must(s.t, s.supervisor.Turn("tasks"), s.supervisor.Click("work-followups"), s.supervisor.AwaitShown(5*time.Second, "followups"), s.supervisor.Click("followups-team"))
	s.keep(s.supervisor, "13-follow-ups")
}

// faintly waits until a page hears a counsellor who has spoken for long: the counsellor's browser takes a steady tone for noise and turns it down.
func faintly(d *browser.Desk, hz float64) error {
	return d.Await(5*time.Second, fmt.Sprintf(`window.__ears.share(%g, Date.now() - 500, 0.0005) > 0.8`, hz))
}

type say struct {
	Kind    string `json:"kind"`
	Outcome string `json:"outcome"`
	Text    string `json:"text"`
}

func (s *story) path(act string) string { return "/api/incidents/" + s.incident + "/" + act }

// with gives an act a name of its own.
func with(body any) map[string]any {
	raw, _ := json.Marshal(body) // of strings
	all := map[string]any{}
	_ = json.Unmarshal(raw, &all)
	all["req"] = ulid.Make().String()
	return all
}

// does is what a person does to the incident, by the sign-in of their page.
func (s *story) does(d *browser.Desk, act string, body any) {
	s.t.Helper()
	s.ask(d, "POST", s.path(act), with(body), nil)
}

func (s *story) ask(d *browser.Desk, method, path string, body, out any) {
	s.t.Helper()
	status, answer := s.try(d, method, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if out != nil {
		must(s.t, json.Unmarshal([]byte(answer), out))
	}
}

func (s *story) try(d *browser.Desk, method, path string, body any) (int, string) {
	s.t.Helper()
	init := map[string]any{"method": method}
	if body != nil {
		raw, err := json.Marshal(body)
		must(s.t, err)
		init["body"], init["headers"] = string(raw), map[string]string{"Content-Type": "application/json"}
	}
	raw, err := json.Marshal(init)
	must(s.t, err)
	answer, err := browser.Eval[struct {
		Status int    `json:"status"`
		Body   string `json:"body"`
	}](d.Page, fmt.Sprintf(`fetch(%q, %s).then(async (r) => ({status: r.status, body: await r.text()}))`, path, raw))
	must(s.t, err)
	return answer.Status, answer.Body
}

// open shows the incident, where the page has it.
func (s *story) open(d *browser.Desk) {
	s.t.Helper()
	must(s.t, d.Chord("i", chromedp.ModifierAlt), d.AwaitShown(5*time.Second, "incident"))
}

// keep makes a picture for the walk-through.
func (s *story) keep(d *browser.Desk, name string) {
	s.t.Helper()
	if s.pictures == "" {
		return
	}
	must(s.t, d.Resize(1280, 720))
	picture, err := d.Picture(55)
	must(s.t, err, os.WriteFile(filepath.Join(s.pictures, name+".webp"), picture, 0o644))
	if len(picture) > 60<<10 {
		s.t.Errorf("the picture %s has %d bytes", name, len(picture))
	}
}
