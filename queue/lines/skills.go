package lines

import (
	"slices"

	"hotline/queue"
)

// SkillUse tells which lines ask for each skill, by their ids; what gives way, or has a floor, without being asked for has no line.
func (p Policy) SkillUse() map[string][]string {
	use := map[string][]string{}
	note := func(skill, line string) {
		if line == "" {
			use[skill] = append(use[skill], []string{}...)
		} else if !slices.Contains(use[skill], line) {
			use[skill] = append(use[skill], line)
		}
	}
	for skill := range p.Floors {
		note(skill, "")
	}
	for _, l := range p.Lines {
		for skill := range l.Needs {
			note(skill, l.ID)
		}
		for _, c := range l.Menu {
			for skill := range c.Needs {
				note(skill, l.ID)
			}
		}
	}
	return use
}

// RenameSkill is the policy with a skill called otherwise. Where both are asked for, the higher level stays.
func (p Policy) RenameSkill(from, to string) Policy {
	p.Floors = RenameSkill(p.Floors, from, to)
	p.Lines = slices.Clone(p.Lines)
	for i := range p.Lines {
		l := &p.Lines[i]
		l.Needs, l.Relax = RenameSkill(l.Needs, from, to), renameSteps(l.Relax, from, to)
		l.Menu = slices.Clone(l.Menu)
		for j := range l.Menu {
			l.Menu[j].Needs = RenameSkill(l.Menu[j].Needs, from, to)
		}
		if l.Emergency != nil && l.Emergency.Relax != nil {
			v := *l.Emergency
			steps := renameSteps(*v.Relax, from, to)
			v.Relax, l.Emergency = &steps, &v
		}
	}
	return p
}

// RenameSkill is skills with one called otherwise; of two that become one the higher level stays. Without it they are returned as they are.
func RenameSkill(skills queue.Skills, from, to string) queue.Skills {
	level, there := skills[from]
	if !there {
		return skills
	}
	out := queue.Skills{}
	for name, n := range skills {
		if name != from {
			out[name] = n
		}
	}
	out[to] = max(out[to], level)
	return out
}

func renameSteps(steps []Step, from, to string) []Step {
	steps = slices.Clone(steps)
	for i := range steps {
		if steps[i].Skill == from {
			steps[i].Skill = to
		}
	}
	return steps
}
