package alerttest

import (
	"testing"
	"time"

	"hotline/telephony/alert"
)

func TestFake(t *testing.T) {
	Suite(t, func(*testing.T) Keeper {
		now := time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)
		f := &Fake{Now: func() time.Time { return now }}
		return Keeper{
			Calls: f,
			Add: func(_ *testing.T, language string, telephone bool) string {
				number := ""
				if telephone {
					number = "+8613800004444"
				}
				return f.Add("u-1", language, number)
			},
			Result:   func(_ *testing.T, id string) alert.Result { return f.Result(id) },
			Withdraw: func(_ *testing.T, id string) { f.Withdraw(id) },
			Advance:  func(d time.Duration) { now = now.Add(d) },
		}
	})
}
