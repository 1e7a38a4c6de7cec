package skills

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf8"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
	"hotline/queue/lines"
	"hotline/storage/documents"
)

// ActionSkillRename is in the audit trail with what the skill is called then.
const ActionSkillRename = "skill.rename"

// Pages are those of skills.
type Pages struct {
	versions.Clerk
	Store       *Store
	RefuseLines func(w http.ResponseWriter, r *http.Request, err error) // says what is wrong with a change of the lines
}

// Endpoints are what can be asked of skills.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/admin/skills", Access: page.Administrator, Serve: p.listSkills},
		{Pattern: "POST /api/admin/skills/rename", Access: page.Administrator, Serve: p.renameSkill},
	}
}

func (p *Pages) listSkills(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Store.List(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
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
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) renameSkill(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RenameSkill
	if !p.Read(w, r, &body) {
		return
	}
	err := p.Store.Check(r.Context(), body.From, body.To)
	if utf8.RuneCountInString(body.Note) > documents.NoteMost {
		err = documents.ErrNote
	}
	var made Renamed
	if err == nil {
		err = p.Audited(r, v, ActionSkillRename, "skill:"+body.From, body.To+" "+body.Note, func(ctx context.Context) (err error) {
			made, err = p.Store.Rename(ctx, body.From, body.To, string(v.User.ID), body.Note)
			return err
		})
	}
	if err == nil {
		p.Reply(w, http.StatusOK, protocol.SkillRenamed{People: made.People, Lines: made.Lines})
		return
	}
	if _, wrong := errors.AsType[lines.Faults](err); wrong {
		p.RefuseLines(w, r, err)
		return
	}
	if _, stale := errors.AsType[*lines.Stale](err); stale {
		p.RefuseLines(w, r, err)
		return
	}
	p.Changed(w, r, err,
		page.Refusal{Err: ErrName, Status: http.StatusBadRequest, Code: protocol.BadSkill},
		page.Refusal{Err: ErrUnknown, Status: http.StatusBadRequest, Code: protocol.BadSkill})
}
