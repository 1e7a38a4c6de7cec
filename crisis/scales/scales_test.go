package scales_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hotline/casework/forms"
	"hotline/crisis"
	"hotline/crisis/scales"
)

// rule is the rule of a form that the program begins with.
func rule(t testing.TB, id string) scales.Rule {
	t.Helper()
	all, err := forms.First()
	if err != nil {
		t.Fatal(err)
	}
	f, ok := all.Find(id)
	if !ok {
		t.Fatalf("no form %s", id)
	}
	r, err := scales.Parse(f.Scoring)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return r
}

func TestTheFirstFormsPassTheirRules(t *testing.T) {
	all, err := forms.First()
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Check(scales.Check); err != nil {
		t.Error(err)
	}
}

// score is what a rule says: "<level> <band>", with "…" when answers are missing and "-> <form>" for what is to be asked next.
func score(t *testing.T, r scales.Rule, answers any) string {
	t.Helper()
	raw, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Score(raw)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if got.Rule != r.ID || got.Version != r.Version || got.Complete != (len(got.Missing) == 0) {
		t.Errorf("%s: %+v", raw, got)
	}
	text := strings.TrimSpace(string(got.Level) + " " + got.Band)
	if got.Total != nil {
		text = fmt.Sprintf("%d %s", *got.Total, text)
	}
	if !got.Complete {
		text = strings.TrimSpace(text) + "…"
	}
	if len(got.Opens) > 0 {
		text += " -> " + strings.Join(got.Opens, ", ")
	}
	return strings.TrimSpace(text)
}

type answers = map[string]string

func TestScreener(t *testing.T) {
	r := rule(t, "screener")
	no := func(more answers) answers {
		a := answers{"wish": "no", "thoughts": "yes", "method": "no", "intent": "no", "plan": "no", "behaviour": "never"}
		for k, v := range more {
			a[k] = v
		}
		return a
	}
	for _, c := range []struct {
		name    string
		answers answers
		want    string
	}{
		{"everything denied, after the second no the skip", answers{"wish": "no", "thoughts": "no", "behaviour": "never"}, "none none"},
		{"a wish alone", answers{"wish": "yes", "thoughts": "no", "behaviour": "never"}, "low low"},
		{"thoughts alone", no(nil), "low low"},
		{"a method", no(answers{"method": "yes"}), "moderate moderate"},
		{"older behaviour, nothing else", answers{"wish": "no", "thoughts": "no", "behaviour": "before"}, "moderate moderate"},
		{"older behaviour, with thoughts", no(answers{"behaviour": "before"}), "moderate moderate"},
		{"intent in the past month", no(answers{"intent": "yes"}), "high high"},
		{"plan in the past month", no(answers{"plan": "yes"}), "high high"},
		{"behaviour within three months, nothing else", answers{"wish": "no", "thoughts": "no", "behaviour": "lately"}, "high high"},
		{"all of it", no(answers{"wish": "yes", "method": "yes", "intent": "yes", "plan": "yes", "behaviour": "lately"}), "high high"},
		{"what was answered before the second no does not count", answers{"wish": "no", "thoughts": "no", "intent": "yes", "behaviour": "never"}, "none none"},
		{"nothing answered yet", answers{}, "…"},
		{"cut off after a wish", answers{"wish": "yes"}, "low low…"},
		{"cut off after two times no: not none", answers{"wish": "no", "thoughts": "no"}, "…"},
		{"cut off after the intent", answers{"thoughts": "yes", "intent": "yes"}, "high high…"},
		{"without the last question: not low for sure, but at least", answers{"wish": "yes", "thoughts": "yes", "method": "no", "intent": "no", "plan": "no"}, "low low…"},
	} {
		if got := score(t, r, c.answers); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if r.Raise != scales.AtOnce {
		t.Error("it does not raise at once")
	}
}

func TestSecondNoSkipsToBehaviour(t *testing.T) {
	r := rule(t, "screener")
	for thoughts, want := range map[string][]string{"no": {"wish", "behaviour"}, "yes": {"wish", "method", "intent", "plan", "behaviour"}} {
		got, err := r.Score(json.RawMessage(`{"thoughts":"` + thoughts + `"}`))
		if err != nil || !slices.Equal(got.Missing, want) {
			t.Errorf("%s: %v is asked, want %v (%v)", thoughts, got.Missing, want, err)
		}
	}
}

func TestHistory(t *testing.T) {
	r := rule(t, "history")
	for _, c := range []struct {
		act, plan, ideation, want string
	}{
		{"no", "no", "no", "none none"}, {"no", "no", "yes", "moderate moderate"}, {"no", "yes", "no", "high high"}, {"yes", "no", "no", "high high"},
		{"yes", "yes", "yes", "high high"},
	} {
		if got := score(t, r, answers{"act": c.act, "plan": c.plan, "ideation": c.ideation}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// spread gives n items a total, each at most most.
func spread(total, n, most int, prefix string) map[string]any {
	out := map[string]any{}
	for i := range n {
		points := min(total, most)
		total -= points
		out[fmt.Sprintf("%s%d", prefix, i+1)] = points
	}
	return out
}

// TestBandsAtEveryTotal: each total has its band, and each boundary lies where the rule says.
func TestBandsAtEveryTotal(t *testing.T) {
	for _, c := range []struct {
		id          string
		items, most int
		ends        []int // the last total of each band
		bands       []string
	}{
		{"phq9", 9, 3, []int{4, 9, 14, 19, 27}, []string{"minimal", "mild", "moderate", "moderately_severe", "severe"}},
		{"gad7", 7, 3, []int{4, 9, 14, 21}, []string{"minimal", "mild", "moderate", "severe"}},
		{"bsrs", 5, 4, []int{5, 9, 14, 20}, []string{"normal", "mild", "moderate", "severe"}},
	} {
		r, band := rule(t, c.id), 0
		for total := range c.items*c.most + 1 {
			if total > c.ends[band] {
				band++
			}
			a := spread(total, c.items, c.most, "q")
			raw, _ := json.Marshal(a)
			got, err := r.Score(raw)
			if err != nil || got.Total == nil || *got.Total != total || got.Band != c.bands[band] || got.Level != crisis.Unassessed || !got.Complete {
				t.Errorf("%s %d: %+v, %v; want %s", c.id, total, got, err, c.bands[band])
			}
		}
		if band != len(c.bands)-1 {
			t.Errorf("%s: not every band was reached", c.id)
		}
	}
}

func TestTwelveElements(t *testing.T) {
	r := rule(t, "twelve")
	for total := range 17 {
		want := "low"
		if total >= 8 {
			want = "high"
		} else if total >= 4 {
			want = "moderate"
		}
		if got := score(t, r, map[string]any{"total": total, "hopeless": "yes"}); got != fmt.Sprintf("%d %s %s", total, want, want) {
			t.Errorf("%d: %s", total, got)
		}
	}
	for _, it := range r.Items {
		if len(it.Points) > 0 || len(it.Values) > 0 {
			t.Errorf("%s has weights that nobody published", it.Name)
		}
	}
	if r.Raise != scales.Propose {
		t.Error("a total of a site's own manual raises by itself")
	}
}

// TestWeightsOfASite: what an administrator makes of the 12 elements with a manual at hand.
func TestWeightsOfASite(t *testing.T) {
	r, err := scales.Parse(json.RawMessage(`{"id":"twelve","version":2,"kind":"sum","raise":"at_once","opens":[{"item":"a","least":3,"form":"screener"}],
		"items":[{"name":"a","values":["no","some","much"],"points":[0,1,3]},{"name":"b","values":["no","yes"],"points":[0,2]}],
		"bands":[{"from":0,"to":1,"band":"low","names":{"zh-CN":"低"},"level":"low"},{"from":2,"to":5,"band":"high","names":{"zh-CN":"高"},"level":"high"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for want, a := range map[string]answers{
		"0 low low": {"a": "no", "b": "no"}, "1 low low": {"a": "some", "b": "no"}, "2 high high": {"a": "no", "b": "yes"},
		"5 high high -> screener": {"a": "much", "b": "yes"}, "3… -> screener": {"a": "much"},
	} {
		if got := score(t, r, a); got != want {
			t.Errorf("%v: %q, want %q", a, got, want)
		}
	}
}

func TestItemNineOpensTheScreener(t *testing.T) {
	for id, item := range map[string]string{"phq9": "q9", "bsrs": "q6"} {
		r := rule(t, id)
		for points := range 4 {
			got, err := r.Score(json.RawMessage(fmt.Sprintf(`{%q:%d}`, item, points)))
			if err != nil || slices.Contains(got.Opens, "screener") != (points >= 1) {
				t.Errorf("%s %d: %v, %v", id, points, got.Opens, err)
			}
		}
	}
	if got := score(t, rule(t, "gad7"), spread(21, 7, 3, "q")); strings.Contains(got, "->") {
		t.Error(got)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for id, all := range map[string][]string{
		"phq9":     {`{"q1":4}`, `{"q1":-1}`, `{"q1":1.5}`, `{"q1":"1"}`, `[]`, ``},
		"screener": {`{"wish":"maybe"}`, `{"wish":true}`, `{"behaviour":"yes"}`},
	} {
		for _, a := range all {
			if got, err := rule(t, id).Score(json.RawMessage(a)); !errors.Is(err, scales.ErrAnswer) {
				t.Errorf("%s %s: %+v, %v", id, a, got, err)
			}
		}
	}
}

func TestRaises(t *testing.T) {
	for _, found := range append(crisis.Levels(), crisis.Unassessed) {
		for _, now := range append(crisis.Levels(), crisis.Unassessed) {
			r := scales.Result{Level: found}
			if want := found.Rank() > now.Rank() && found != crisis.LevelNone; r.Raises(now) != want {
				t.Errorf("%q found, %q now: %v", found, now, !want)
			}
		}
	}
}

// FuzzScore: no answers make a rule fail otherwise than by ErrAnswer, and more answers never find less.
func FuzzScore(f *testing.F) {
	for _, seed := range []string{`{"wish":"yes"}`, `{"thoughts":"no","behaviour":"lately"}`, `{"q1":3}`, `{}`, `null`} {
		f.Add([]byte(seed))
	}
	r := rule(f, "screener")
	f.Fuzz(func(t *testing.T, raw []byte) {
		whole, err := r.Score(raw)
		if err != nil {
			if !errors.Is(err, scales.ErrAnswer) {
				t.Error(err)
			}
			return
		}
		given := map[string]any{}
		if json.Unmarshal(raw, &given) != nil || given["thoughts"] == "no" {
			return // a no takes what was answered before back
		}
		for name := range given {
			less := map[string]any{}
			for k, v := range given {
				if k != name {
					less[k] = v
				}
			}
			part, _ := json.Marshal(less)
			if got, err := r.Score(part); err != nil || got.Level.Over(whole.Level) {
				t.Errorf("%s finds %q, %s %q (%v)", part, got.Level, raw, whole.Level, err)
			}
		}
	})
}
