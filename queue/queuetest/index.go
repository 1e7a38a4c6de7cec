package queuetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// dumpScript reads every key of a site in one atomic view. ARGV[1] prefix. Returns JSON: key -> text, {field: text} or {member: score}.
var dumpScript = redis.NewScript(`
local out = {}
for _, key in ipairs(redis.call('KEYS', (string.gsub(ARGV[1], '[{}]', '\\%0')) .. '*')) do
  local kind, value = redis.call('TYPE', key).ok, nil
  if kind == 'string' then
    value = redis.call('GET', key)
  elseif kind == 'hash' or kind == 'zset' then
    local list = kind == 'hash' and redis.call('HGETALL', key) or redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    value = {}
    for i = 1, #list, 2 do value[list[i]] = list[i + 1] end
  elseif kind == 'list' then
    value = table.concat(redis.call('LRANGE', key, 0, -1), ',')
  else
    local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
    value = last and last[2][2] or ''
  end
  out[string.sub(key, #ARGV[1] + 1)] = value
end
return cjson.encode(out)`)

// Call is a call's row as Redis holds it; times in ms.
type Call struct {
	ID, State, Tier, Need, Agent, Offer              string
	Only, Preferred, Hold                            string
	Key, Arrived, Since, Talked, Front, From, Prefer float64
	Danger, Callback                                 bool
	Groups, History                                  int
	Assigned                                         string // to an agent, until Assign for that one alone
	Assign                                           float64
	Parties                                          []Party
	Level                                            string // what a person said of the danger
	Lost, Keep                                       float64
	LostBy                                           string `json:"lost_by"`
	Again                                            string
	Filed                                            bool
	LevelBy                                          string  `json:"level_by"`
	LevelAt                                          float64 `json:"level_at"`
}

// Party is one who takes part in a call, in its row.
type Party struct {
	Agent, Role, State, By, Note, Contact, Why string
	Since, Until, Asked, Taken, Over           float64
}

// Agent is an agent's row as Redis holds it; times in ms.
type Agent struct {
	ID, State, Reason, Skills, Call, Offer string
	Spot, Session                          string // Spot: the idle bucket
	Idle, Ends, Since, Rested, Rest, Held  float64
	Reds                                   []float64
	Group, Misses                          int
	Away                                   bool
	Crew                                   string // the place in the count of those who work
	Assist                                 string // a call
	Was                                    *Was
	SOS                                    *SOS
	Owes, Keeps                            string
	Late, Forced, Rung                     float64
	Lead                                   bool
	Prior                                  *Prior
}

// Prior is what somebody was who is rung although not available.
type Prior struct {
	State, Reason, Keeps string
	Since, Ends          float64
}

// Was is what an assisting agent was.
type Was struct {
	State, Reason string
	Since, Ends   float64
}

// SOS is a call for help, in an agent's row.
type SOS struct {
	Call  string
	At    float64
	AckBy string  `json:"ack_by"`
	AckAt float64 `json:"ack_at"`
}

// Offer is an offer's row as Redis holds it; times in ms.
type Offer struct {
	ID, Call, Agent      string
	Made, Expires, Fence float64
}

// Index is all that Redis holds of a site at one instant.
type Index struct {
	Calls  map[string]Call
	Agents map[string]Agent
	Offers map[string]Offer
	Talks  map[string]string // agent -> call
	Crew   map[string]int    // skills@group -> agents who work

	Assists  map[string]string             // agent -> call
	Assigned map[string]string             // call -> agent
	Notes    map[string]map[string]string  // again: call -> call; awaits: call -> agent; lost: call -> agent; leads: agent -> 1
	Sorted   map[string]map[string]float64 // sorted sets by name without the prefix
	Text     map[string]string             // strings, lists joined by commas, and of streams the number or text of the last entry
}

// Read takes the index of a site. It reads every key: for tests only.
func Read(ctx context.Context, rdb redis.UniversalClient, site string) (Index, error) {
	prefix := "{" + site + "}:"
	text, err := dumpScript.Run(ctx, rdb, []string{prefix + "calls"}, prefix).Text()
	if err != nil {
		return Index{}, fmt.Errorf("read the index: %w", err)
	}
	all := map[string]json.RawMessage{}
	if text != "{}" {
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return Index{}, fmt.Errorf("read the index: %w", err)
		}
	}
	x := Index{
		Calls: map[string]Call{}, Agents: map[string]Agent{}, Offers: map[string]Offer{}, Talks: map[string]string{}, Crew: map[string]int{},
		Assists: map[string]string{}, Assigned: map[string]string{}, Notes: map[string]map[string]string{},
		Sorted: map[string]map[string]float64{}, Text: map[string]string{},
	}
	for key, value := range all {
		if err := x.add(key, value); err != nil {
			return Index{}, fmt.Errorf("read the index: %s: %w", key, err)
		}
	}
	return x, nil
}

func (x *Index) add(key string, value json.RawMessage) error {
	if value[0] == '"' {
		var s string
		err := json.Unmarshal(value, &s)
		x.Text[key] = s
		return err
	}
	fields := map[string]string{}
	if err := json.Unmarshal(value, &fields); err != nil {
		return err
	}
	switch {
	case key == "calls":
		return rows(fields, x.Calls)
	case key == "agents":
		return rows(fields, x.Agents)
	case key == "offers":
		return rows(fields, x.Offers)
	case key == "talks":
		x.Talks = fields
	case key == "assists":
		x.Assists = fields
	case key == "assigned":
		x.Assigned = fields
	case key == "again" || key == "awaits" || key == "lost" || key == "leads":
		x.Notes[key] = fields
	case key == "crew":
		for place, n := range fields {
			x.Crew[place], _ = strconv.Atoi(n)
		}
	case strings.HasPrefix(key, "lease:"), key == "presence", key == "rests", strings.HasPrefix(key, "alarms"):
	default:
		set := map[string]float64{}
		for member, score := range fields {
			n, err := strconv.ParseFloat(score, 64)
			if err != nil {
				return err
			}
			set[member] = n
		}
		x.Sorted[key] = set
	}
	return nil
}

func rows[R any](fields map[string]string, into map[string]R) error {
	for id, text := range fields {
		var r R
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return fmt.Errorf("row %s: %w", id, err)
		}
		into[id] = r
	}
	return nil
}

// Bucket is where a waiting call is kept.
func (c Call) Bucket() string {
	if c.Only != "" {
		return "for " + c.Only
	}
	if c.Groups < 99 {
		return c.Need + "@" + strconv.Itoa(c.Groups)
	}
	return c.Need
}

// Rank is the score of an idle agent.
func (a Agent) Rank() float64 { return float64(a.Group)*(1<<43) + a.Idle }

// May says whether an available agent may be offered to a waiting call: the agent fits, and neither waits for somebody else; or a person assigned
// the one to the other.
func May(c Call, a Agent) bool {
	held := a.Held != 0 && a.Spot == ""
	if c.Assigned == a.ID {
		return !held || c.Tier == "red" || c.Tier == "returning"
	}
	if c.Only != "" {
		return c.Only == a.ID && (!held || c.Tier == "returning")
	}
	return a.Group <= c.Groups && Fits(a.Skills, c.Need) && (!held || c.Tier == "red")
}

// Fits says whether a skill set satisfies a requirement, both in canonical form.
func Fits(skills, need string) bool {
	has := levels(skills)
	for name, level := range levels(need) {
		if has[name] < level {
			return false
		}
	}
	return true
}

func levels(text string) map[string]int {
	out := map[string]int{}
	for _, part := range strings.Split(text, ",") {
		if name, level, ok := strings.Cut(part, ":"); ok {
			out[name], _ = strconv.Atoi(level)
		}
	}
	return out
}
