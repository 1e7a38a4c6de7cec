package protocol

// Telephone is the answer of GET and POST /api/account/telephone and /api/people/{id}/telephone: where a person is called when nobody at a console has seen
// an alarm. The number itself is told to nobody.
type Telephone struct {
	Masked string `json:"masked"` // "138******12"; empty: none
	SetAt  int64  `json:"set_at"` // 0: none
	By     string `json:"by"`     // user id, or "cli:<user>"
	ByName string `json:"by_name"`
}

// SetTelephone is the body of these POSTs.
type SetTelephone struct {
	Number string `json:"number"` // empty: take it away
}

// Detection is the body of POST /api/detector: a program outside says that a call looks dangerous.
type Detection struct {
	Call   string  `json:"call"`
	Kind   string  `json:"kind"`   // what it found, in its own words: 1 to 32 of a-z, 0-9 and _, beginning with a letter
	Level  string  `json:"level"`  // low, moderate or high
	Score  float64 `json:"score"`  // how sure it is, 0 to 1
	At     int64   `json:"at"`     // when it found it: within the last hour, at most a minute ahead of our clock
	Source string  `json:"source"` // its own id of this finding, 1 to 64 printable characters: the same again is the same finding
}

// Detected is its answer.
type Detected struct {
	Source string `json:"source"`
}

// OutsideDetector is one row of GET /api/admin/detectors.
type OutsideDetector struct {
	Detector      string `json:"detector"`
	Name          string `json:"name"`
	MadeAt        int64  `json:"made_at"`
	ByName        string `json:"by_name"`
	RevokedAt     int64  `json:"revoked_at"` // 0: in force
	RevokedByName string `json:"revoked_by_name"`
	UsedAt        int64  `json:"used_at"` // to the minute; 0: never
}

// OutsideDetectors is the answer of GET /api/admin/detectors, those in force first.
type OutsideDetectors struct {
	Detectors []OutsideDetector `json:"detectors"`
}

// MakeDetector is the body of POST /api/admin/detectors.
type MakeDetector struct {
	Name string `json:"name"` // 1 to 60 characters
}

// DetectorMade is its answer: the secret is told this once.
type DetectorMade struct {
	OutsideDetector
	Secret string `json:"secret"`
}
