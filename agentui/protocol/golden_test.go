package protocol

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hotline/agentui/settings"
	"hotline/casework/forms"
	"hotline/casework/phonebook"
	"hotline/casework/qualifications"
	"hotline/casework/reviews"
	"hotline/casework/roster"
	"hotline/casework/statistics"
	"hotline/crisis"
	"hotline/queue/lines"
	"hotline/storage/documents"
)

// shapes says which type every golden file is.
func shapes() map[string]any {
	return map[string]any{
		"self": Self{}, "self_reserved": Self{}, "self_talking": Self{}, "self_wrap_up": Self{},
		"offer": Offer{}, "call_waiting": Call{}, "call_talking": Call{}, "call_held": Call{}, "call_paused": Call{}, "agent": Agent{}, "quality": Quality{},
		"server_ack": Ack{}, "server_ack_leg": ackLeg{}, "server_error": Error{}, "server_error_without_id": Error{},
		"server_snapshot_agent": Snapshot{}, "server_snapshot_supervisor": Snapshot{},
		"server_change_trouble": Change{}, "server_change_trouble_over": Change{}, "server_change_self": Change{}, "server_change_board": Change{}, "server_change_gone": Change{},
		"server_leg_lost": LegLost{}, "server_displaced": Notice{}, "server_signed_out": Notice{},
		"http_code": Code6{}, "http_enrolment": Enrolment{}, "http_recovery_codes": RecoveryCodes{}, "http_password_change": PasswordChange{}, "http_unlock": Unlock{},
		"http_account": Account{}, "http_sign_ins": SignIns{}, "http_revoke": Revoke{}, "http_revoke_result": Revoked{}, "http_people": People{}, "http_person": Person{},
		"http_person_add": NewPerson{}, "http_person_password": GivenPassword{}, "http_person_save": SavePerson{}, "http_person_history": PersonHistory{},
		"http_person_restore": RestorePerson{}, "http_doors": Doors{}, "http_door_open": OpenDoor{}, "http_workers": Workers{}, "http_work": SaveWork{},
		"http_work_history": WorkHistory{}, "http_audit": AuditPage{}, "server_locked": Locked{},
		"http_lines": Lines{}, "http_lines_save": SaveLines{}, "http_lines_versions": LinesHistory{}, "http_lines_restore": RestoreLines{}, "http_error_invalid_lines": invalidLines{}, "http_error_stale": HTTPError{},
		"http_emergency": EmergencyLog{}, "http_emergency_set": SetEmergency{}, "emergency": Emergency{}, "server_change_emergency": Change{},
		"http_login": Login{}, "http_me": Me{}, "http_config": PublicConfig{}, "http_recording": Recording{}, "http_recordings": Recordings{},
		"http_recording_access": Access{}, "http_tape": Tape{}, "http_tape_comments": TapeComments{}, "http_tape_comment_write": WriteTapeComment{}, "http_tape_comment_withdraw": WithdrawTapeComment{},
		"http_tape_acts": TapeActs{}, "http_export": TapeExport{}, "http_exports": TapeExports{}, "http_export_ask": AskExport{}, "http_export_decide": DecideExport{},
		"http_recording_access_result": Grant{}, "http_error": HTTPError{},
		"http_error_too_many_attempts": HTTPError{}, "error_codes": []Code{}, "line_fault_codes": []lines.Code{}, "trouble_codes": []Trouble{},
		"http_task": Task{}, "http_tasks": Tasks{}, "http_task_close": TaskClose{}, "http_task_result": TaskResult{}, "http_block": Block{},
		"http_blocks": Blocks{}, "http_block_proposal": BlockProposal{}, "http_block_approval": BlockApproval{}, "http_block_why": Why{},
		"http_followup": FollowUp{}, "http_followup_done": FollowUp{}, "http_followups": FollowUps{}, "http_followup_detail": FollowUpDetail{}, "http_followups_of_call": CallFollowUps{},
		"http_followup_wish": Wish{}, "http_followup_wish_save": SaveWish{}, "http_followup_plan": PlanFollowUp{}, "http_followup_move": MoveFollowUp{},
		"http_followup_assign": AssignFollowUp{}, "http_followup_finish": FinishFollowUp{}, "http_services": Services{}, "http_referral": Referral{},
		"http_referrals": Referrals{}, "http_referral_send": SendReferral{}, "http_referral_tell": TellReferral{}, "http_shift_cases": ShiftCases{},
		"http_shift_offer": ShiftOffer{}, "http_shift_case_offer": OfferCase{},
		"server_change_settings": Change{}, "http_settings": Settings{}, "http_settings_version": settingsVersion{}, "http_phonebook_version": phonebookVersion{},
		"http_document_versions": DocumentHistory{}, "http_document_save": SaveDocument{}, "http_document_check": CheckDocument{}, "http_document_restore": RestoreDocument{},
		"http_roster_version": versionOf[roster.Roster]{}, "http_roster_review_ask": ReviewRoster{}, "http_roster_review": RosterReview{}, "http_roster_publish": PublishRoster{},
		"http_roster_publication": Publication{}, "http_roster_publications": Publications{}, "http_roster_people": RosterPeople{}, "http_roster_feed": RosterFeed{},
		"http_import_preview": ImportPreview{}, "http_import_apply": ApplyImport{}, "http_import_applied": ImportApplied{},
		"http_skills": SkillUses{}, "http_skill_rename": RenameSkill{}, "http_skill_renamed": SkillRenamed{},
		"http_contacts": Contacts{}, "http_contact_ask": AskContact{}, "http_contact": Contact{}, "http_error_invalid_document": invalidDocument{},
		"document_fault_codes": []documents.Code{},
		"self_barred":          Self{}, "http_training": TrainingList{}, "http_staff_records": StaffRecords{}, "http_staff_record_write": WriteStaffRecord{}, "http_waivers": Waivers{},
		"http_waive": Waive{}, "http_statistics": Statistics{}, "http_statistics_records_ask": AskStatisticsRecords{}, "http_statistics_records": StatisticsRecords{},
		"http_statistics_public": PublicStatistics{},
		"server_change_duties":   Change{}, "http_decisions": Decisions{},
		"http_figures": Figures{}, "http_trend": Trend{}, "http_wall": Wall{}, "http_walls": WallDisplays{}, "http_wall_make": MakeWall{}, "http_wall_made": WallMade{},
		"http_broadcasts": BroadcastList{}, "http_broadcast_write": WriteBroadcast{}, "server_change_broadcasts": Change{}, "server_change_broadcasts_read": Change{},
		"call_joined": Call{}, "call_consulting": Call{}, "agent_assisting": Agent{}, "self_sos": Self{}, "self_invited": Self{},
		"self_assisting": Self{}, "http_colleagues": Colleagues{}, "http_handover": Handover{}, "http_handover_write": WriteHandover{},
		"http_note": Note{}, "http_note_open": NoteOpen{}, "http_note_updates": NoteUpdates{}, "http_note_write": NoteWrite{}, "http_note_text": NoteText{}, "http_note_head": NoteHead{},
		"http_context": CallContext{}, "http_context_withheld": CallContext{}, "http_plan": Plan{}, "http_plan_save": PlanSave{}, "http_plan_restore": PlanRestore{},
		"http_plan_history": PlanHistory{}, "http_number": RevealedNumber{}, "http_disposition": Disposition{}, "http_disposition_none": Disposition{},
		"http_disposition_save": DispositionSave{}, "http_disposition_kept": KeptForm{}, "server_ack_form_kept": ackKept{}, "http_shift": Shift{}, "http_debrief": Debrief{}, "http_debriefs": Debriefs{}, "http_debrief_ask": DebriefAsk{},
		"http_retention": Retention{}, "http_retention_ask": KeepOrErase{}, "http_retention_pass": ErasurePass{},
		"http_telephone": Telephone{}, "http_telephone_set": SetTelephone{}, "http_detection": Detection{}, "http_detected": Detected{}, "http_detectors": OutsideDetectors{},
		"http_detector_make": MakeDetector{}, "http_detector_made": DetectorMade{},
		"http_call_people": CallPeople{}, "http_call_people_none": CallPeople{}, "http_person_link": PersonLink{}, "http_third_party": ThirdParty{}, "http_person_seek": PersonSeek{},
		"http_file_page": FilePage{}, "http_profile_save": ProfileSave{}, "http_phrase_save": PhraseSave{}, "http_file_merge": FileMerge{}, "http_merge_preview": MergePreview{},
		"http_file_split": FileSplit{}, "http_files": FileList{}, "http_safety": SafetyPlan{}, "http_safety_save": SafetySave{}, "http_safety_restore": SafetyRestore{},
		"http_safety_history": SafetyHistory{}, "http_call_records": CallRecords{}, "http_record_save": RecordSave{}, "http_record": ContactRecord{},
		"http_record_history": RecordHistory{}, "http_unfinished": Unfinished{}, "http_retention_plan": RetentionPlan{}, "http_recording_stones": RecordingStones{}, "http_file_draft": FileDraft{}, "http_file_drafts": FileDrafts{}, "http_file_draft_save": FileDraftSave{}, "http_minor_report": MinorReport{}, "http_minor_reports": MinorReports{},
		"http_minor_report_acts": MinorReportActs{}, "http_harm_say": HarmSay{}, "http_report_say": ReportSay{}, "http_number_ask": NumberAsk{}, "http_reveal": NumberReveal{},
		"http_reveals": NumberReveals{}, "http_reveal_review": RevealReview{},
		"server_ack_risk": ackRisk{}, "http_forms": Forms{}, "http_form": FormOfVersion{}, "http_call_risk": CallRisk{}, "http_call_risk_none": CallRisk{}, "http_risk_asked": RiskAsked{},
		"http_risk_ask": AskRisk{}, "http_scale_fill": FillScale{}, "http_scale_filled": FilledScale{}, "http_risk_measure": RiskMeasure{}, "http_risk_measure_say": MeasureRisk{},
		"http_risk_level_say": SayLevel{}, "http_risk_said": RiskSaid{}, "http_risk_proposal": RiskProposal{}, "http_risk_proposals": RiskProposals{}, "http_error_bad_answers": badAnswers{},
		"self_incident": Self{}, "self_alert": Self{}, "self_untold": Self{}, "http_incident": Incident{}, "http_incidents": IncidentList{}, "http_incident_open": IncidentOpen{},
		"http_incident_act": IncidentAct{}, "http_incident_say": IncidentSay{}, "http_incident_tell": IncidentTell{}, "http_incident_call_for": IncidentCallFor{},
		"http_incident_arrived": IncidentArrived{}, "http_incident_plan": IncidentPlan{}, "http_incident_decide": IncidentDecide{},
		"http_incident_report": IncidentReport{}, "http_incident_report_file": IncidentReportFile{}, "http_error_closure_barred": HTTPError{}, "http_crisis_rehearsal": PolicyRehearsal{}, "http_crisis_version": versionOf[crisis.Policy]{},
		"http_reviews": Reviews{}, "http_review": ReviewDetail{}, "http_review_dropped": ReviewDetail{}, "http_review_save": SaveReview{}, "http_review_ask": AskReview{}, "http_review_want": WantReview{},
		"http_review_drop": DropReview{}, "http_review_answer": AnswerReview{}, "http_review_trend": ReviewTrend{}, "http_review_trends": ReviewTrends{}, "http_review_calibration": ReviewCalibration{},
		"http_scoresheet_version": versionOf[reviews.Sheet]{}, "http_requirements_version": versionOf[qualifications.Requirements]{},
		"http_params_version": versionOf[statistics.Params]{}, "http_error_bad_marks": badMarks{},
	}
}

// invalidLines is HTTPError with the params that invalid_lines has.
type invalidLines struct {
	Error  Code `json:"error"`
	Params struct {
		Faults lines.Faults `json:"faults"`
	} `json:"params"`
}

// invalidDocument is HTTPError with the params that invalid_document has.
type invalidDocument struct {
	Error  Code `json:"error"`
	Params struct {
		Faults documents.Faults `json:"faults"`
	} `json:"params"`
}

// versionOf is DocumentVersion with a document of its kind.
type versionOf[T any] struct {
	Version  int    `json:"version"`
	At       int64  `json:"at"`
	By       string `json:"by"`
	ByName   string `json:"by_name"`
	Note     string `json:"note"`
	Origin   string `json:"origin"`
	Restored int    `json:"restored"`
	Doc      T      `json:"doc"`
}

type (
	settingsVersion  = versionOf[settings.Settings]
	phonebookVersion = versionOf[phonebook.Book]
)

// ackLeg is Ack with the result that leg and leg_restart have.
type ackLeg struct {
	Type   Type      `json:"type"`
	ID     int64     `json:"id"`
	Result LegResult `json:"result"`
}

type ackKept struct {
	Type   Type     `json:"type"`
	ID     int64    `json:"id"`
	Result FormKept `json:"result"`
}

type ackRisk struct {
	Type   Type     `json:"type"`
	ID     int64    `json:"id"`
	Result RiskSaid `json:"result"`
}

type badMarks struct {
	Error  Code `json:"error"`
	Params struct {
		Wrong []reviews.Wrong `json:"wrong"`
	} `json:"params"`
}

type badAnswers struct {
	Error  Code `json:"error"`
	Params struct {
		Wrong []forms.Wrong `json:"wrong"`
	} `json:"params"`
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestGoldenFilesAreWhatGoReadsAndWrites(t *testing.T) {
	files, err := filepath.Glob("golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	known := shapes()
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "client_") {
				req, head, err := Decode(want)
				if err != nil {
					t.Fatal(err)
				}
				if got := "client_" + string(head.Type); got != name {
					t.Errorf("the file holds %s", got)
				}
				if got := encode(t, req); !bytes.Equal(got, want) {
					t.Errorf("got  %swant %s", got, want)
				}
				return
			}
			shape, ok := known[name]
			if !ok {
				t.Fatal("no Go type is named for this file")
			}
			delete(known, name)
			v := reflect.New(reflect.TypeOf(shape))
			dec := json.NewDecoder(bytes.NewReader(want))
			dec.DisallowUnknownFields()
			if err := dec.Decode(v.Interface()); err != nil {
				t.Fatal(err)
			}
			if got := encode(t, v.Elem().Interface()); !bytes.Equal(got, want) {
				t.Errorf("got  %swant %s", got, want)
			}
		})
	}
	for name := range known {
		t.Errorf("golden/%s.json is missing", name)
	}
	for _, typ := range ClientTypes() {
		if _, err := os.Stat("golden/client_" + string(typ) + ".json"); err != nil {
			t.Errorf("message %s has no golden file", typ)
		}
	}
}

func TestConstructorsGiveTheGoldenMessages(t *testing.T) {
	const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
	for name, v := range map[string]any{
		"server_ack":              NewAck(1, nil),
		"server_ack_leg":          NewAck(10, LegResult{Leg: "01J0000000000000000000000E", Answer: sdp}),
		"server_error":            NewError(5, OfferGone, nil),
		"server_error_without_id": NewError(0, Malformed, nil),
		"server_leg_lost":         NewLegLost("01J0000000000000000000000E", "no_media"),
		"server_displaced":        Notice{Type: TypeDisplaced},
		"server_signed_out":       Notice{Type: TypeSignedOut},
		"error_codes":             Codes(),
		"trouble_codes":           Troubles(),
		"line_fault_codes":        lines.Codes(),
		"document_fault_codes":    documents.Codes(),
	} {
		want, err := os.ReadFile("golden/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if got := encode(t, v); !bytes.Equal(got, want) {
			t.Errorf("%s: got %s", name, got)
		}
	}
}
