package agentui

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf8"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/skills"
	"hotline/queue/lines"
	"hotline/storage/documents"
)

func (s *Server) skillEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/admin/skills", Access: page.Administrator, Serve: s.listSkills},
		{Pattern: "POST /api/admin/skills/rename", Access: page.Administrator, Serve: s.renameSkill},
	}
}

func (s *Server) listSkills(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Skills.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.SkillUses{Skills: []protocol.SkillUse{}}
	for _, u := range all {
		one := protocol.SkillUse{Skill: u.Skill, Lines: u.Lines, People: u.People}
		if one.Lines == nil {
			one.Lines = []string{}
		}
		out.Skills = append(out.Skills, one)
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) renameSkill(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RenameSkill
	if !s.clerk.Read(w, r, &body) {
		return
	}
	err := s.deps.Skills.Check(r.Context(), body.From, body.To)
	if utf8.RuneCountInString(body.Note) > documents.NoteMost {
		err = documents.ErrNote
	}
	var made skills.Renamed
	if err == nil {
		err = s.clerk.Audited(r, v, ActionSkillRename, "skill:"+body.From, body.To+" "+body.Note, func(ctx context.Context) (err error) {
			made, err = s.deps.Skills.Rename(ctx, body.From, body.To, string(v.User.ID), body.Note)
			return err
		})
	}
	switch {
	case errors.Is(err, skills.ErrName), errors.Is(err, skills.ErrUnknown):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadSkill, nil)
	case err != nil:
		if _, wrong := errors.AsType[lines.Faults](err); wrong {
			s.refuseLines(w, r, err)
			return
		}
		s.refuseImport(w, r, err, v.User.Locale)
	default:
		s.clerk.Reply(w, http.StatusOK, protocol.SkillRenamed{People: made.People, Lines: made.Lines})
	}
}
