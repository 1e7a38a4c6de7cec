package reviews

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The example of Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units, interval metric.
func TestAlphaIsAsPublished(t *testing.T) {
	rows := []string{"123321412...", "1233224125.3", ".3332342251.", "12332441251."}
	var ratings []Rating
	for judge, row := range rows {
		for unit, c := range row {
			if c != '.' {
				ratings = append(ratings, Rating{fmt.Sprint(unit), fmt.Sprint(judge), float64(c - '0')})
			}
		}
	}
	a := Agree(ratings)
	if math.Abs(a.Alpha-0.849) > 0.0005 || a.Units != 11 {
		t.Errorf("%+v", a)
	}
}

// The example of Shrout and Fleiss (1979), table 2: ICC(1,1) is .17.
func TestICCIsAsPublished(t *testing.T) {
	var ratings []Rating
	for unit, row := range [][]float64{{9, 2, 5, 8}, {6, 1, 3, 2}, {8, 4, 6, 8}, {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}} {
		for judge, v := range row {
			ratings = append(ratings, Rating{fmt.Sprint(unit), fmt.Sprint(judge), v})
		}
	}
	if a := Agree(ratings); math.Abs(a.ICC-0.17) > 0.005 || a.Pairs != 36 {
		t.Errorf("%+v", a)
	}
}

func TestAgreementOfLittle(t *testing.T) {
	if a := Agree(nil); !math.IsNaN(a.Same) || a.Pairs != 0 {
		t.Errorf("of nothing: %+v", a)
	}
	if a := Agree([]Rating{{"u", "a", 1}, {"v", "b", 2}}); a.Units != 0 || !math.IsNaN(a.Alpha) {
		t.Errorf("of units with one judge: %+v", a)
	}
	if a := Agree([]Rating{{"u", "a", 2}, {"u", "b", 2}}); a.Same != 1 || a.Apart != 0 || !math.IsNaN(a.Alpha) || !math.IsNaN(a.ICC) {
		t.Errorf("nothing differs: %+v", a)
	}
	if a := Agree([]Rating{{"u", "a", 2}, {"u", "b", 2}, {"v", "a", 0}, {"v", "b", 0}}); a.Alpha != 1 || a.ICC != 1 {
		t.Errorf("full agreement: %+v", a)
	}
	if a := Agree([]Rating{{"u", "a", 2}, {"u", "b", 1}, {"u", "c", 0}}); a.Pairs != 3 || a.Near != 2.0/3 || a.Same != 0 || math.Abs(a.Apart-4.0/3) > 1e-9 {
		t.Errorf("three judges: %+v", a)
	}
}

// Judges who throw dice agree as chance does, whatever the scale is moved by or stretched to.
func TestAgreementOfChance(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var ratings, stretched []Rating
	for unit := range 4000 {
		for judge := range 2 + unit%3 {
			v := float64(dice.IntN(4))
			ratings = append(ratings, Rating{fmt.Sprint(unit), fmt.Sprint(judge), v})
			stretched = append(stretched, Rating{fmt.Sprint(unit), fmt.Sprint(judge), 7 + 3*v})
		}
	}
	a, b := Agree(ratings), Agree(stretched)
	if math.Abs(a.Alpha) > 0.03 || math.Abs(a.ICC) > 0.03 {
		t.Errorf("%+v", a)
	}
	if math.Abs(a.Alpha-b.Alpha) > 1e-9 || math.Abs(a.ICC-b.ICC) > 1e-9 {
		t.Errorf("%+v, %+v", a, b)
	}
}
