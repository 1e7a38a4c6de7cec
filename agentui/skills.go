package agentui

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf8"

	"hotline/agentui/protocol"
	"hotline/agentui/skills"
	"hotline/queue/lines"
	"hotline/storage/documents"
)

func (s *Server) skillEndpoints() []endpoint {
	return []endpoint{
		{pattern: "GET /api/admin/skills", access: accessAdministrator, serve: s.listSkills},
		{pattern: "POST /api/admin/skills/rename", access: accessAdministrator, serve: s.renameSkill},
	}
}

func (s *Server) listSkills(w http.ResponseWriter, r *http.Request, _ *visitor) {
	all, err := s.deps.Skills.List(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
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
	s.reply(w, http.StatusOK, out)
}

func (s *Server) renameSkill(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.RenameSkill
	if !s.read(w, r, &body) {
		return
	}
	err := s.deps.Skills.Check(r.Context(), body.From, body.To)
	if utf8.RuneCountInString(body.Note) > documents.NoteMost {
		err = documents.ErrNote
	}
	var made skills.Renamed
	if err == nil {
		err = s.auditedErr(r, v, ActionSkillRename, "skill:"+body.From, body.To+" "+body.Note, func(ctx context.Context) (err error) {
			made, err = s.deps.Skills.Rename(ctx, body.From, body.To, string(v.user.ID), body.Note)
			return err
		})
	}
	switch {
	case errors.Is(err, skills.ErrName), errors.Is(err, skills.ErrUnknown):
		s.fail(w, http.StatusBadRequest, protocol.BadSkill, nil)
	case err != nil:
		if _, wrong := errors.AsType[lines.Faults](err); wrong {
			s.refuseLines(w, r, err)
			return
		}
		s.refuseImport(w, r, err, v.user.Locale)
	default:
		s.reply(w, http.StatusOK, protocol.SkillRenamed{People: made.People, Lines: made.Lines})
	}
}
