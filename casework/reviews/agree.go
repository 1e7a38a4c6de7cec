package reviews

import "math"

// Rating is one number that one judge gave to one unit.
type Rating struct {
	Unit, Judge string
	Value       float64
}

// Agreement tells how far judges agree. NaN: there is too little to tell, or nothing differs.
type Agreement struct {
	Units int // that two judges or more rated; only these count
	Pairs int // of two judges about the same unit
	// Same is the share of pairs with the same value; Near of those that differ by 1 at most.
	Same, Near float64
	// Apart is the mean difference of a pair.
	Apart float64
	// Alpha is Krippendorff's with squared differences: 1 is full agreement, 0 is what chance alone gives. Krippendorff, Content Analysis (2004),
	// ch. 11; the author's paper of 2011, "Computing Krippendorff's Alpha-Reliability", section D. It takes any number of judges of each unit, and is
	// what a quadratically weighted kappa (Cohen 1968) becomes then.
	Alpha float64
	// ICC is the intraclass correlation of single ratings, when each unit may have other judges: ICC(1,1) of Shrout and Fleiss, Psychological Bulletin
	// 86 (1979). Units with different numbers of judges are taken by the mean number of Fleiss, The Design and Analysis of Clinical Experiments (1986).
	ICC float64
}

// Agree measures ratings.
func Agree(ratings []Rating) Agreement {
	var order []string
	by := map[string][]float64{}
	for _, r := range ratings {
		if len(by[r.Unit]) == 0 {
			order = append(order, r.Unit)
		}
		by[r.Unit] = append(by[r.Unit], r.Value)
	}
	var units [][]float64
	for _, u := range order {
		if len(by[u]) > 1 {
			units = append(units, by[u])
		}
	}
	a := Agreement{Units: len(units), Same: math.NaN(), Near: math.NaN(), Apart: math.NaN(), Alpha: math.NaN(), ICC: math.NaN()}
	same, near, apart := 0, 0, 0.0
	for _, u := range units {
		for i := range u {
			for _, other := range u[:i] {
				d := math.Abs(u[i] - other)
				a.Pairs++
				apart += d
				if d == 0 {
					same++
				}
				if d <= 1 {
					near++
				}
			}
		}
	}
	if a.Pairs == 0 {
		return a
	}
	n := float64(a.Pairs)
	a.Same, a.Near, a.Apart = float64(same)/n, float64(near)/n, apart/n
	a.Alpha, a.ICC = alpha(units), icc(units)
	return a
}

// alpha is 1 - observed / expected disagreement, each the mean squared difference of pairs: of pairs within a unit, and of all pairs.
func alpha(units [][]float64) float64 {
	var all []float64
	observed := 0.0
	for _, u := range units {
		all = append(all, u...)
		observed += squares(u) / float64(len(u)-1)
	}
	n := float64(len(all))
	expected := squares(all) / (n - 1)
	if expected == 0 {
		return math.NaN()
	}
	return 1 - observed/expected
}

// squares sums the squared differences of all ordered pairs: 2 n Σ(x - mean)².
func squares(values []float64) float64 {
	m, sum := mean(values), 0.0
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	return 2 * float64(len(values)) * sum
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// icc is (BMS - WMS) / (BMS + (k0 - 1) WMS) of a one-way analysis of variance.
func icc(units [][]float64) float64 {
	var all []float64
	n, squared, within := 0.0, 0.0, 0.0
	for _, u := range units {
		k, m := float64(len(u)), mean(u)
		all = append(all, u...)
		n += k
		squared += k * k
		for _, v := range u {
			within += (v - m) * (v - m)
		}
	}
	groups := float64(len(units))
	if groups < 2 || n == groups {
		return math.NaN()
	}
	grand, between := mean(all), 0.0
	for _, u := range units {
		d := mean(u) - grand
		between += float64(len(u)) * d * d
	}
	k0 := (n - squared/n) / (groups - 1)
	bms, wms := between/(groups-1), within/(n-groups)
	if bms+(k0-1)*wms == 0 {
		return math.NaN()
	}
	return (bms - wms) / (bms + (k0-1)*wms)
}
