package telephony

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

func spokenLine() Line {
	said := func(language string) map[call.Prompt]string {
		all := map[call.Prompt]string{}
		for _, p := range []call.Prompt{call.PromptGreeting, call.PromptMenu, call.PromptDanger, call.PromptReassurance} {
			all[p] = language + "/" + string(p)
		}
		return all
	}
	return Line{
		ID: "12355", HoldClass: "hold", HoldClasses: map[string]string{"en": "hold-en"}, Languages: []string{"zh", "en", "ug"},
		Needs:   queue.Skills{"youth": 3, "english": 1},
		Menu:    []Choice{{Key: "1", Language: "en", Needs: queue.Skills{"english": 4}}, {Key: "2", Language: "ug"}},
		Prompts: map[string]map[call.Prompt]string{"zh": said("zh"), "en": said("en"), "ug": said("ug")}, Callback: Callback{Key: "9"},
	}
}

func TestWhatIsSaidInWhichLanguage(t *testing.T) {
	l := spokenLine()
	for _, tt := range []struct {
		chosen string
		prompt call.Prompt
		want   string
	}{
		{"", call.PromptGreeting, "zh/greeting"},
		{"", call.PromptOtherLanguages, "en/greeting ug/greeting"},
		{"", call.PromptMenu, "en/menu ug/menu"},
		{"", call.PromptDanger, "zh/danger en/danger ug/danger"},
		{"en", call.PromptGreeting, "en/greeting"},
		{"en", call.PromptOtherLanguages, ""},
		{"en", call.PromptDanger, "en/danger"},
		{"", call.PromptClosed, ""},
	} {
		if got := strings.Join(l.media(tt.chosen, tt.prompt), " "); got != tt.want {
			t.Errorf("%q, %s: %q, want %q", tt.chosen, tt.prompt, got, tt.want)
		}
	}
	for chosen, want := range map[string]string{"": "zh", "ug": "ug", "gone": "zh"} {
		if got := l.spoken(chosen); got != want {
			t.Errorf("announcements for %q in %q, want %q", chosen, got, want)
		}
	}
}

func TestKeysMeanWhatTheLineSays(t *testing.T) {
	l := spokenLine()
	at := call.At{Time: time.Unix(1, 0)}
	for key, want := range map[string]call.Event{
		"0": call.Digit{At: at, Digit: "0"}, "1": call.Chosen{At: at, Language: "en", Audio: true}, "2": call.Chosen{At: at, Language: "ug"},
		"9": call.CallbackWanted{At: at}, "5": call.Digit{At: at, Digit: "5"},
	} {
		if got := l.meaning(call.Digit{At: at, Digit: key}); got != want {
			t.Errorf("key %s: %+v, want %+v", key, got, want)
		}
	}
	l.Callback.Key = ""
	if got := l.meaning(call.Digit{At: at}); got != (call.Digit{At: at}) {
		t.Errorf("no key at all: %+v", got)
	}
}

func TestNeedsOfALanguage(t *testing.T) {
	l := spokenLine()
	for language, want := range map[string]queue.Skills{
		"": l.Needs, "en": {"youth": 3, "english": 4}, "ug": l.Needs, "gone": l.Needs,
	} {
		if got := l.needs(language); !maps.Equal(got, want) {
			t.Errorf("%q: %v, want %v", language, got, want)
		}
	}
	if l.Needs["english"] != 1 {
		t.Error("the line's own needs were changed")
	}
}

func TestPlanOfALine(t *testing.T) {
	l := spokenLine()
	l.AnnounceEvery, l.Callback.First = 30*time.Second, true
	l.Open = func(t time.Time) bool { return t.Hour() >= 8 }
	night := time.Date(2025, 5, 1, 3, 0, 0, 0, time.UTC)
	if got, want := l.plan(night), (call.Plan{Menu: true, Announce: 30 * time.Second, Callback: true, CallbackFirst: true, Closed: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if l.plan(night.Add(8 * time.Hour)).Closed {
		t.Error("closed by day")
	}
	if got := (Line{Callback: Callback{First: true}}).plan(night); got != (call.Plan{}) {
		t.Errorf("a line without anything: %+v", got)
	}
}

func TestHoldAudioOfALine(t *testing.T) {
	l := spokenLine()
	if got, want := l.holds(), []hold{{"12355", "hold"}, {"12355~en", "hold-en"}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := l.holdAt("12355~bo"); got != (hold{"12355~bo", "hold"}) {
		t.Errorf("a language that the line lost: %v", got)
	}
}

func TestLineIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Line){
		"no id":                  func(l *Line) { l.ID = "" },
		"an id that names use":   func(l *Line) { l.ID = "12355~en" },
		"no greeting":            func(l *Line) { l.Prompts = map[string]map[call.Prompt]string{} },
		"no language":            func(l *Line) { l.Languages = nil },
		"the danger key chooses": func(l *Line) { l.Menu[0].Key = "0" },
		"one key, two languages": func(l *Line) { l.Menu[1].Key = "1" },
		"one key, two meanings":  func(l *Line) { l.Callback.Key = "2" },
		"no key at all":          func(l *Line) { l.Menu[0].Key = "" },
		"two keys":               func(l *Line) { l.Callback.Key = "99" },
		"a language not spoken":  func(l *Line) { l.Menu[0].Language = "bo" },
		"a wait without end":     func(l *Line) { l.MenuWait = time.Hour },
		"talking all the time":   func(l *Line) { l.AnnounceEvery = time.Second },
	} {
		l := spokenLine()
		if err := l.validate(); err != nil {
			t.Fatal(err)
		}
		spoil(&l)
		if err := l.validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
