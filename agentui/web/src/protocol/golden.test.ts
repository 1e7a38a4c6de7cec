import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeRequest, failure, type Request } from './messages';
import * as structures from './structures';
import * as lines from './lines';
import * as documents from './documents';
import * as imports from './imports';
import * as phonebook from './phonebook';
import * as roster from './roster';
import * as settings from './settings';
import * as alerts from './alerts';
import * as care from './care';
import * as filesOf from './files';
import * as colleagues from './colleagues';
import * as crisis from './crisis';
import * as floor from './floor';
import * as followups from './followups';
import * as incidents from './incidents';
import * as recordings from './recordings';
import { requirements } from './requirements';
import * as retention from './retention';
import * as forms from './forms';
import * as reviews from './reviews';
import * as risk from './risk';
import * as safety from './safety';
import * as staff from './staff';
import * as statistics from './statistics';
import { list, type Reader, record, text } from './shape';

const folder = join(import.meta.dirname, '../../../protocol/golden');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const raw = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
const named = (prefix: string) => files.filter((name) => name.startsWith(prefix));

// Bodies and structures, by the start of the file's name; the longest that fits wins.
const readers: Record<string, Reader<unknown>> = {
  agent: structures.agent,
  emergency: structures.emergency,
  error_codes: list(text),
  line_fault_codes: list(text),
  document_fault_codes: list(text),
  trouble_codes: list(text),
  call_: structures.call,
  offer: structures.offer,
  quality: structures.quality,
  self: structures.self,
  http_config: structures.config,
  http_emergency: lines.switches,
  http_error: failure,
  http_error_invalid_lines: record({ error: text, params: lines.invalid }),
  http_lines: lines.shown,
  http_lines_versions: lines.history,
  http_error_invalid_document: record({ error: text, params: documents.faultList }),
  http_settings: settings.settingsInForce,
  http_settings_version: documents.wholeDocument(settings.settings),
  http_document_versions: documents.documentHistory,
  http_phonebook_version: documents.wholeDocument(phonebook.book),
  http_contacts: phonebook.contacts,
  http_skills: settings.skillUses,
  http_skill_renamed: settings.skillRenamed,
  http_import_preview: imports.importPreview,
  http_import_applied: imports.importApplied,
  http_roster_version: documents.wholeDocument(roster.roster),
  http_roster_review: roster.review,
  http_roster_publication: roster.publication,
  http_roster_publications: roster.publications,
  http_roster_people: roster.people,
  http_roster_feed: roster.feed,
  http_contact: phonebook.contact,
  http_me: structures.me,
  http_recording: recordings.recording,
  http_recordings: recordings.recordingList,
  http_tape: recordings.tape,
  http_tape_comments: recordings.tapeComments,
  http_export: recordings.tapeExport,
  http_exports: recordings.tapeExports,
  http_recording_access_result: structures.grant,
  http_decisions: structures.decisionList,
  http_task: structures.task,
  http_tasks: structures.taskList,
  http_block: structures.block,
  http_blocks: structures.blockList,
  http_colleagues: colleagues.colleagueList,
  http_handover: colleagues.handover,
  http_figures: floor.figures,
  http_trend: floor.trend,
  http_wall: floor.wall,
  http_walls: floor.displayList,
  http_wall_made: floor.displayMade,
  http_broadcasts: floor.broadcastList,
  http_note: care.note,
  http_note_updates: care.noteUpdates,
  http_note_head: care.noteHead,
  http_context: care.callContext,
  http_plan: care.plan,
  http_plan_history: care.planHistory,
  http_number: care.revealedNumber,
  http_disposition: care.disposition,
  http_shift: care.shift,
  http_debrief: care.debrief,
  http_debriefs: care.debriefList,
  http_followup: followups.followUp,
  http_followups: followups.followUpList,
  http_followup_detail: followups.followUpDetail,
  http_followups_of_call: followups.callFollowUps,
  http_followup_wish: followups.wish,
  http_services: followups.serviceList,
  http_referral: followups.referral,
  http_referrals: followups.referralList,
  http_shift_cases: followups.shiftCases,
  http_shift_offer: followups.shiftOffer,
  http_error_closure_barred: incidents.closureBarred,
  http_crisis_version: documents.wholeDocument(crisis.crisisPolicy),
  http_crisis_rehearsal: crisis.rehearsal,
  http_incident: incidents.incident,
  http_incidents: incidents.incidentList,
  http_incident_report: incidents.incidentReport,
  http_retention: retention.retention,
  http_retention_plan: retention.retentionPlan,
  http_recording_stones: retention.recordingStones,
  http_retention_pass: retention.erasurePass,
  http_telephone: alerts.telephone,
  http_detectors: alerts.detectorList,
  http_detector_made: alerts.detectorMade,
  http_call_people: filesOf.callPeople,
  http_file_page: filesOf.filePage,
  http_merge_preview: filesOf.mergePreview,
  http_files: filesOf.fileList,
  http_safety: filesOf.safetyPlan,
  http_safety_history: filesOf.safetyHistory,
  http_call_records: filesOf.callRecords,
  http_record: filesOf.contactRecord,
  http_record_history: filesOf.recordHistory,
  http_unfinished: filesOf.unfinished,
  http_file_draft: filesOf.fileDraft,
  http_file_drafts: filesOf.fileDrafts,
  http_minor_report: filesOf.minorReport,
  http_minor_reports: filesOf.minorReports,
  http_minor_report_acts: filesOf.minorReportActs,
  http_reveal: filesOf.numberReveal,
  http_reveals: filesOf.numberReveals,
  http_forms: forms.formsInForce,
  http_form: forms.formOfVersion,
  http_call_risk: risk.callRisk,
  http_risk_asked: risk.riskAsked,
  http_scale_filled: risk.scaleFilled,
  http_risk_measure: risk.riskMeasure,
  http_risk_said: risk.riskSaid,
  http_risk_proposal: risk.riskProposal,
  http_risk_proposals: risk.riskProposals,
  http_error_bad_answers: record({
    error: text,
    params: record({ wrong: list(record({ field: text, code: text })) }),
  }),
  http_error_bad_marks: record({ error: text, params: reviews.wrongMarks }),
  http_reviews: reviews.reviewList,
  http_review: reviews.reviewDetail,
  http_review_trend: reviews.reviewTrend,
  http_review_trends: reviews.reviewTrends,
  http_review_calibration: reviews.reviewCalibration,
  http_requirements_version: documents.wholeDocument(requirements),
  http_params_version: documents.wholeDocument(statistics.statisticsParams),
  http_scoresheet_version: documents.wholeDocument(reviews.scoreSheet),
  http_training: staff.trainingList,
  http_staff_records: staff.staffRecords,
  http_waivers: staff.waiverList,
  http_statistics: statistics.statistics,
  http_statistics_records: statistics.statisticsRecords,
  http_statistics_public: statistics.publicStatistics,
  http_enrolment: safety.enrolment,
  http_recovery_codes: safety.recoveryCodes,
  http_account: safety.account,
  http_sign_ins: safety.signIns,
  http_revoke_result: safety.revoked,
  http_people: safety.people,
  http_person: safety.person,
  http_person_password: safety.givenPassword,
  http_person_history: safety.personHistory,
  http_doors: safety.doors,
  http_workers: safety.workers,
  http_work_history: safety.workHistory,
  http_audit: safety.auditPage,
};
// What the browser sends over HTTP, and what detectors outside speak; `session/api.ts` writes these.
const sent = [
  'http_login.json',
  'http_staff_record_write.json',
  'http_waive.json',
  'http_review_save.json',
  'http_review_ask.json',
  'http_review_want.json',
  'http_review_drop.json',
  'http_review_answer.json',
  'http_statistics_records_ask.json',
  'http_telephone_set.json',
  'http_retention_ask.json',
  'http_detector_make.json',
  'http_detection.json',
  'http_detected.json',
  'http_recording_access.json',
  'http_tape_acts.json',
  'http_tape_comment_write.json',
  'http_tape_comment_withdraw.json',
  'http_export_ask.json',
  'http_export_decide.json',
  'http_task_close.json',
  'http_task_result.json',
  'http_block_proposal.json',
  'http_block_approval.json',
  'http_block_why.json',
  'http_lines_save.json',
  'http_lines_restore.json',
  'http_emergency_set.json',
  'http_document_save.json',
  'http_skill_rename.json',
  'http_import_apply.json',
  'http_roster_review_ask.json',
  'http_roster_publish.json',
  'http_document_check.json',
  'http_document_restore.json',
  'http_contact_ask.json',
  'http_handover_write.json',
  'http_wall_make.json',
  'http_broadcast_write.json',
  'http_note_open.json',
  'http_note_write.json',
  'http_note_text.json',
  'http_plan_save.json',
  'http_plan_restore.json',
  'http_disposition_save.json',
  'http_disposition_kept.json',
  'http_debrief_ask.json',
  'http_code.json',
  'http_password_change.json',
  'http_unlock.json',
  'http_revoke.json',
  'http_person_add.json',
  'http_person_save.json',
  'http_person_restore.json',
  'http_door_open.json',
  'http_work.json',
  'http_followup_wish_save.json',
  'http_followup_plan.json',
  'http_followup_move.json',
  'http_followup_assign.json',
  'http_followup_finish.json',
  'http_referral_send.json',
  'http_referral_tell.json',
  'http_shift_case_offer.json',
  'http_person_link.json',
  'http_third_party.json',
  'http_person_seek.json',
  'http_profile_save.json',
  'http_phrase_save.json',
  'http_file_merge.json',
  'http_file_split.json',
  'http_safety_save.json',
  'http_file_draft_save.json',
  'http_safety_restore.json',
  'http_record_save.json',
  'http_harm_say.json',
  'http_report_say.json',
  'http_number_ask.json',
  'http_reveal_review.json',
  'http_risk_ask.json',
  'http_scale_fill.json',
  'http_risk_measure_say.json',
  'http_risk_level_say.json',
  'http_incident_open.json',
  'http_incident_act.json',
  'http_incident_say.json',
  'http_incident_tell.json',
  'http_incident_call_for.json',
  'http_incident_arrived.json',
  'http_incident_plan.json',
  'http_incident_decide.json',
  'http_incident_report_file.json',
];

function readerOf(name: string): Reader<unknown> | undefined {
  const prefix = Object.keys(readers)
    .filter((start) => name.startsWith(start))
    .sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? undefined : readers[prefix];
}

describe('golden messages', () => {
  it('are there', () => {
    expect(named('client_').length).toBeGreaterThanOrEqual(12);
    expect(named('server_').length).toBeGreaterThanOrEqual(10);
  });

  it.each(named('server_'))('%s is read whole', (name) => {
    expect(decodeFrame(raw(name))).toEqual(JSON.parse(raw(name)));
  });

  it.each(named('client_'))('%s is what we send', (name) => {
    const { id, ...request } = JSON.parse(raw(name)) as { id: number } & Request;
    expect(encodeRequest(id, request as Request)).toBe(raw(name));
  });

  it.each(files.filter((name) => !/^(client_|server_)/.test(name) && !sent.includes(name)))(
    '%s is read whole',
    (name) => {
      const read = readerOf(name);
      expect(read, 'no reader for this file').toBeDefined();
      expect(read?.(JSON.parse(raw(name)), '')).toEqual(JSON.parse(raw(name)));
    },
  );

  // Every field of every golden frame is needed and has one kind: spoil each in turn.
  it.each(named('server_snapshot'))('%s is refused when a field of self is spoilt', (name) => {
    const whole = JSON.parse(raw(name)) as { self: Record<string, unknown> };
    for (const field of Object.keys(whole.self)) {
      const spoilt = { ...whole, self: { ...whole.self, [field]: [{}] } };
      expect(() => decodeFrame(JSON.stringify(spoilt)), field).toThrow(`self.${field}`);
    }
  });
});

describe('the document of lines', () => {
  const { current } = JSON.parse(raw('http_lines.json')) as { current: { policy: Record<string, unknown> } };

  it('is sent as it was read', () => {
    const sent = JSON.parse(raw('http_lines_save.json')) as { policy: unknown };
    expect(lines.policy(sent.policy, '')).toEqual(current.policy);
  });

  it('is refused when it has a field that this page would take away', () => {
    expect(() => lines.policy({ ...current.policy, colour: 'red' }, 'policy')).toThrow('policy.colour');
    const [first] = current.policy.lines as Record<string, unknown>[];
    expect(() =>
      lines.policy({ ...current.policy, lines: [{ ...first, hours: { moon: 1 } }] }, 'policy'),
    ).toThrow('policy.lines.0.hours.moon');
  });
});

describe('decodeFrame', () => {
  it.each([
    ['', 'JSON'],
    ['{', 'JSON'],
    ['[]', 'object'],
    ['null', 'object'],
    ['{"type":"constructor"}', 'type'],
    ['{"type":"change","seq":-1,"now":0}', 'seq'],
    ['{"type":"change","seq":1.5,"now":0}', 'seq'],
    ['{"type":"change","seq":1,"now":0,"calls":[{}]}', 'calls[0].call'],
    ['{"type":"change","seq":1,"now":0,"trouble":"queue"}', 'trouble'],
    ['{"type":"change","seq":1,"now":0,"trouble":[1]}', 'trouble[0]'],
  ])('refuses %s', (frame, wanted) => {
    expect(() => decodeFrame(frame)).toThrow(wanted);
  });

  it('drops fields that it does not know', () => {
    expect(decodeFrame('{"type":"displaced","by":"u-2"}')).toEqual({ type: 'displaced' });
  });
});
