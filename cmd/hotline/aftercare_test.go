package main

import (
	"slices"
	"testing"

	"hotline/casework"
	"hotline/casework/shiftover"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// Each part of an open incident is a case of its own; who accepts one has that part, and can be given no other of the same incident.
func TestPartsOfAnIncidentChangeHands(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, dir := t.Context(), t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		rules, err := policy.Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		store, err := crisis.OpenStore(ctx, db, crisis.Config{Seal: keys, Policies: rules})
		if err != nil {
			t.Fatal(err)
		}
		in, err := store.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Call: "c1", Level: crisis.LevelHigh, By: "u-1", Agent: "u-1", Source: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Acknowledge(ctx, in.ID, crisis.Act{By: "u-2"}, crisis.ViaConsole); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Take(ctx, in.ID, crisis.Act{By: "u-3"}, ""); err != nil {
			t.Fatal(err)
		}
		open := openIncidents{store}
		takes := map[string]string{partCounsellor: "u-4", partSupervisor: "u-5", partSecond: "u-6"}
		cases, err := open.Open(ctx)
		if err != nil || len(cases) != 3 {
			t.Fatalf("%+v, %v", cases, err)
		}
		for _, c := range cases {
			if c.Kind != shiftover.Incident || c.Call != "c1" {
				t.Errorf("%+v", c)
			}
			for range 2 { // a worker that died after the move moves it again
				if err := open.Move(ctx, c, takes[c.What], "o-"+c.What); err != nil {
					t.Error(err)
				}
			}
		}
		if cases, err = open.Open(ctx); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if c.Owner != takes[c.What] {
				t.Errorf("%s is %s's", c.What, c.Owner)
			}
			if c.What != partCounsellor && !(slices.Contains(c.Never, "u-1") && slices.Contains(c.Never, "u-4")) {
				t.Errorf("%s may go to who has the counsellor's part: %v", c.What, c.Never)
			}
		}
	})
}
