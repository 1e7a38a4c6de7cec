package phonebook

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hotline/storage/documents"
)

func TestNear(t *testing.T) {
	hangzhou := map[string]string{"zh": "浙江省杭州市", "en": "Hangzhou, Zhejiang"}
	beijing := map[string]string{"zh": "北京市", "en": "Beijing"}
	urumqi := map[string]string{"zh": "新疆乌鲁木齐市", "en": "Urumchi, Xinjiang"}
	for _, c := range []struct {
		regions string
		place   map[string]string
		want    Near
	}{
		{"", hangzhou, NearNational}, {"杭州", hangzhou, NearCity}, {"杭州市", hangzhou, NearCity}, {"Hangzhou", hangzhou, NearCity}, {"浙江省", hangzhou, NearProvince},
		{"zhejiang", hangzhou, NearProvince}, {"33", hangzhou, NearProvince}, {"330106", hangzhou, NearProvince}, {"宁波", hangzhou, NearElsewhere}, {"3", hangzhou, NearElsewhere},
		{"宁波,浙江", hangzhou, NearProvince}, {"浙江,杭州", hangzhou, NearCity}, {"11", beijing, NearCity}, {"北京市", beijing, NearCity}, {"市", beijing, NearElsewhere},
		{"新疆维吾尔自治区", urumqi, NearProvince}, {"65", urumqi, NearProvince}, {"乌鲁木齐", urumqi, NearCity}, {"浙江", urumqi, NearElsewhere}, {"上海", beijing, NearElsewhere},
	} {
		var r Regions
		if c.regions != "" {
			r = strings.Split(c.regions, ",")
		}
		if got := r.near(c.place); got != c.want {
			t.Errorf("%s to %v: %s, want %s", c.regions, c.place, got, c.want)
		}
	}
}

func TestSorted(t *testing.T) {
	book := []Entry{{ID: "far", Regions: Regions{"上海"}}, {ID: "all"}, {ID: "province", Regions: Regions{"33"}}, {ID: "city", Regions: Regions{"杭州"}}, {ID: "all2"}}
	order := func(place map[string]string) (ids []string) {
		sorted, near := Sorted(book, place)
		for _, e := range sorted {
			ids = append(ids, e.ID)
		}
		if (near == nil) != (place == nil) {
			t.Errorf("%v", near)
		}
		return ids
	}
	if got := order(map[string]string{"zh": "浙江省杭州市"}); !slices.Equal(got, []string{"city", "province", "all", "all2", "far"}) {
		t.Errorf("%v", got)
	}
	if got := order(nil); !slices.Equal(got, []string{"far", "all", "province", "city", "all2"}) {
		t.Errorf("%v", got)
	}
}

func TestRegionsOfABook(t *testing.T) {
	var old Entry
	if err := json.Unmarshal([]byte(`{"id":"a","kind":"police","names":{"zh-CN":"x"},"number":"110","note":""}`), &old); err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(old); err != nil || !strings.Contains(string(b), `"regions":[]`) {
		t.Errorf("%s, %v", b, err)
	}
	of := func(regions ...string) documents.Faults {
		err := Book{Entries: []Entry{{ID: "a", Kind: Ambulance, Names: documents.Words{"zh-CN": "杭州急救"}, Number: "0571-120", Regions: regions}}}.Validate("CN")
		fs, _ := err.(documents.Faults) //nolint:errorlint // Validate returns it as it is
		return fs
	}
	if fs := of("杭州", "33", "330106"); len(fs) > 0 {
		t.Errorf("%v", fs)
	}
	for region, want := range map[string]documents.Code{"99": documents.BadChoice, "331": documents.BadChoice, "": documents.Missing, strings.Repeat("长", 31): documents.TooLong} {
		if fs := of("浙江", region); len(fs) != 1 || fs[0].Field != "entries[0].regions" || fs[0].Code != want {
			t.Errorf("%q: %v", region, fs)
		}
	}
	if fs := of("浙江", "浙江"); len(fs) != 1 || fs[0].Code != documents.Twice {
		t.Errorf("%v", fs)
	}
}
