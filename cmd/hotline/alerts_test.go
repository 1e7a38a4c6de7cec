package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/storage/storagetest"
	"hotline/telephony/alert"
	"hotline/telephony/alert/alerttest"
)

// one is a call tree of whoever is to be called next, by telephone.
type one struct{ user string }

func (o *one) CallTree(context.Context, crisis.Tree) ([]crisis.Rung, error) {
	return []crisis.Rung{{User: o.user, Via: crisis.ViaPhone, Why: crisis.WhyRoster}}, nil
}

// book gives people telephones and languages.
type book map[string][2]string

func (b book) Telephone(_ context.Context, user string) (number, language string, err error) {
	return b[user][0], b[user][1], nil
}

// TestAlertsOfIncidents: what incidents keep of telephones that are to ring does what controllers rely on.
func TestAlertsOfIncidents(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		n := 0
		alerttest.Suite(t, func(t *testing.T) alerttest.Keeper {
			ctx, dir := t.Context(), t.TempDir()
			if err := casework.CreateKeys(dir); err != nil {
				t.Fatal(err)
			}
			keys, err := casework.LoadKeys(dir, region)
			if err != nil {
				t.Fatal(err)
			}
			rules, err := policy.Open(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			n++
			now := time.Now().Add(time.Duration(n) * time.Hour) // what earlier cases left is too late to be answered
			tree, phones := &one{}, book{}
			store, err := crisis.OpenStore(ctx, db, crisis.Config{Seal: keys, Policies: rules, People: tree, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			of := map[string]string{} // alert -> incident
			calls := ringing{&lateLedger{made: &ledger{alerts: crisis.NewCalls(store, phones)}}}
			return alerttest.Keeper{
				Calls: calls,
				Add: func(t *testing.T, language string, telephone bool) string {
					tree.user = fmt.Sprintf("u-%d-%d", n, len(phones))
					number := ""
					if telephone {
						number = "+8613800004444"
					}
					phones[tree.user] = [2]string{number, language}
					now = now.Add(time.Millisecond) // the order of two
					in, err := store.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Call: "call of " + tree.user, Level: crisis.LevelHigh, By: "u-agent", Source: tree.user})
					if err != nil {
						t.Fatal(err)
					}
					rows, _, err := store.CallsOf(ctx, in.ID)
					if err != nil || len(rows) != 1 {
						t.Fatalf("%+v, %v", rows, err)
					}
					of[rows[0].ID] = in.ID
					return rows[0].ID
				},
				Result: func(t *testing.T, id string) alert.Result {
					rows, results, err := store.CallsOf(ctx, of[id])
					if err != nil {
						t.Fatal(err)
					}
					for i, r := range rows {
						if r.ID == id {
							return alert.Result(results[i])
						}
					}
					return ""
				},
				Withdraw: func(t *testing.T, id string) {
					if _, err := store.Acknowledge(ctx, of[id], crisis.Act{By: "u-supervisor", Request: "ack " + id}, crisis.ViaConsole); err != nil {
						t.Fatal(err)
					}
				},
				Advance: func(d time.Duration) { now = now.Add(d) },
			}
		})
	})
}
