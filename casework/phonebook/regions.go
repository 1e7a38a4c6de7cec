package phonebook

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"hotline/storage/documents"
)

// Regions are where a number serves: names as people say them ("浙江", "杭州市", "Hangzhou"), or codes of divisions (GB/T 2260: "33", "3301", "330106").
// None: it serves everywhere.
type Regions []string

// Bounds of an entry's regions.
const (
	MostRegions = 20
	regionMost  = 30 // characters
)

// MarshalJSON writes no regions as an empty list: books are older than regions.
func (r Regions) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]string(r))
}

var (
	code      = regexp.MustCompile(`^[1-8][0-9](?:[0-9]{2}){0,2}$`)
	digitally = regexp.MustCompile(`^[0-9]+$`)
)

// validate notes what is wrong, at most one thing of each region; the screen has one field for all.
func (r Regions) validate(fs *documents.Faults, field string) {
	if !fs.Count(field, len(r), MostRegions) {
		return
	}
	for i, region := range r {
		switch {
		case digitally.MatchString(region) && (!code.MatchString(region) || provinces()[region[:2]] == ""):
			fs.Add(field, documents.BadChoice, "value", region)
		case slices.Index(r, region) < i:
			fs.Add(field, documents.Twice, "value", region)
		default:
			fs.Text(field, region, regionMost, true)
		}
	}
}

// Near says how near a number serves to a place.
type Near string

// How near, the nearest first.
const (
	NearCity      Near = "city"     // the place's own
	NearProvince  Near = "province" // that of its province
	NearNational  Near = "national" // it serves everywhere, or nobody knows where the caller is
	NearElsewhere Near = "elsewhere"
)

func (n Near) rank() int {
	return slices.Index([]Near{NearCity, NearProvince, NearNational, NearElsewhere}, n)
}

// near tells how near regions are to a place, which is its names by language as casework gives them ("浙江省杭州市", "Hangzhou, Zhejiang").
func (r Regions) near(place map[string]string) Near {
	if len(r) == 0 {
		return NearNational
	}
	best := NearElsewhere
	for _, region := range r {
		if n := nearOf(region, place); n.rank() < best.rank() {
			best = n
		}
	}
	return best
}

func nearOf(region string, place map[string]string) Near {
	if digitally.MatchString(region) {
		if len(region) < 2 {
			return NearElsewhere
		}
		region = provinces()[region[:2]] // which city of it a code means, only a list of thousands knows
	}
	name := plain(region)
	if len([]rune(name)) < 2 {
		return NearElsewhere
	}
	for _, of := range place {
		if !strings.Contains(strings.ToLower(of), name) {
			continue
		}
		city, _, inEnglish := strings.Cut(strings.ToLower(of), ",") // "Hangzhou, Zhejiang", but "浙江省杭州市"
		if inEnglish && strings.Contains(city, name) || !inEnglish && strings.HasSuffix(plain(of), name) {
			return NearCity // also of a province that is a city
		}
		return NearProvince
	}
	return NearElsewhere
}

// kinds of divisions that are left out when people speak; the longest first.
var divisions = regexp.MustCompile(`(?:维吾尔自治区|壮族自治区|回族自治区|特别行政区|自治区|自治州|地区|省|市|盟)$`)

// plain is the name of a region without what kind of division it is.
func plain(region string) string {
	return divisions.ReplaceAllString(strings.ToLower(strings.TrimSpace(region)), "")
}

// Sorted is the book in the order in which it is proposed for a caller of a place: the numbers of the city, of the province, those that serve
// everywhere, then the others; within each the order of the book. It also tells how near each is, by id. An unknown place leaves the order as it is.
func Sorted(book []Entry, place map[string]string) ([]Entry, map[string]Near) {
	if len(place) == 0 {
		return book, nil
	}
	near := make(map[string]Near, len(book))
	for _, e := range book {
		near[e.ID] = e.Regions.near(place)
	}
	sorted := slices.Clone(book)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return near[a.ID].rank() - near[b.ID].rank() })
	return sorted, near
}

// provinces by the first two digits of a code of divisions (GB/T 2260).
func provinces() map[string]string {
	return map[string]string{
		"11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林", "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江",
		"34": "安徽", "35": "福建", "36": "江西", "37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南", "50": "重庆", "51": "四川",
		"52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃", "63": "青海", "64": "宁夏", "65": "新疆", "71": "台湾", "81": "香港", "82": "澳门",
	}
}
