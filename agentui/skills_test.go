package agentui

import (
	"net/http"
	"testing"

	"hotline/agentui/protocol"
	"hotline/agentui/skills"
	"hotline/queue"
)

func TestASkillIsRenamedEverywhere(t *testing.T) {
	s := newSite(t, nil)
	admin := s.login("admin1")
	u, err := s.users.ByName(t.Context(), "agent1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.users.SetWork(t.Context(), u.ID, queue.Skills{"youth": 4}, 0, "test"); err != nil {
		t.Fatal(err)
	}
	status, body := admin.get("/api/admin/skills")
	if all := bodyOf[protocol.SkillUses](t, status, body, http.StatusOK); len(all.Skills) != 4 || all.Skills[3].Skill != "youth" || all.Skills[3].People != 1 {
		t.Errorf("%s", body)
	}
	status, body = admin.post("/api/admin/skills/rename", protocol.RenameSkill{From: "youth", To: "teens"})
	if done := bodyOf[protocol.SkillRenamed](t, status, body, http.StatusOK); done.People != 1 || done.Lines {
		t.Errorf("%s", body)
	}
	if status, _ := admin.post("/api/admin/skills/rename", protocol.RenameSkill{From: "youth", To: "x y"}); status != http.StatusBadRequest {
		t.Errorf("%d", status)
	}
	if u, err = s.users.ByID(t.Context(), u.ID); err != nil || u.Skills["teens"] != 4 {
		t.Errorf("%+v, %v", u.Skills, err)
	}
	if rows := s.audit.of(skills.ActionSkillRename); len(rows) != 1 || rows[0].Object != "skill:youth" {
		t.Errorf("audit %+v", rows)
	}
}
