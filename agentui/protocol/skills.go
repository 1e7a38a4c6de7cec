package protocol

// SkillUses is the answer of GET /api/admin/skills, by name.
type SkillUses struct {
	Skills []SkillUse `json:"skills"`
}

// SkillUse is where a skill is used.
type SkillUse struct {
	Skill  string   `json:"skill"`
	Lines  []string `json:"lines"`  // that ask for it
	People int      `json:"people"` // who have it
}

// RenameSkill is the body of POST /api/admin/skills/rename. When the other is there already, both become one and the higher level stays.
type RenameSkill struct {
	From string `json:"from"`
	To   string `json:"to"`
	Note string `json:"note"`
}

// SkillRenamed is its answer.
type SkillRenamed struct {
	People int  `json:"people"`
	Lines  bool `json:"lines"` // a new version of the lines was made
}
