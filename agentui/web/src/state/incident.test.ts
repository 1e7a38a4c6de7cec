import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { incident, incidentList, type IncidentEvent, type IncidentRow } from '../protocol/incidents';
import { self, type Self } from '../protocol/structures';
import {
  actOn,
  alarmOf,
  allIncidents,
  barredBy,
  countdown,
  factRows,
  helpersFirst,
  levelsFrom,
  listed,
  needsAuthority,
  progress,
  rings,
  sentenceOf,
  shownPacket,
  shownRows,
  untold,
  wordsOf,
} from './incident';

const golden = (name: string) =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../protocol/golden', `${name}.json`), 'utf8'),
  ) as unknown;
const whole = incident(golden('http_incident'), '');
const [alert] = self(golden('self_alert'), '').incidents as [IncidentRow];
const lead: Self = { ...self(golden('self_alert'), ''), call: null, assist: null };
const counsellor: Self = self(golden('self_incident'), '');
const [kept] = self(golden('self_untold'), '').incidents as [IncidentRow];

describe('what stands above every page', () => {
  const mine: IncidentRow = {
    ...alert,
    incident: 'b',
    alert: null,
    supervisor: 'u',
    mine: 'supervisor',
    due_at: 5,
  };
  const others: IncidentRow = { ...mine, incident: 'c', mine: '' };
  const asked: IncidentRow = { ...alert, incident: 'd', alert: null };

  it('is what asks first, then what waits, then what is mine; what another has is left to the list', () => {
    expect(shownRows([mine, others, asked, alert], 'supervisor').map((row) => row.incident)).toEqual([
      alert.incident,
      'd',
      'b',
    ]);
  });
  it('is also what asks a second time: another answered and is silent, or the end came and what was to follow did not', () => {
    const climbed: IncidentRow = { ...alert, incident: 'e', supervisor: 'u-other', mine: '' };
    const missed: IncidentRow = { ...climbed, incident: 'f', state: 'closed' };
    expect(shownRows([climbed, missed], 'supervisor').map((row) => row.incident)).toEqual(['e', 'f']);
    expect(shownRows([{ ...missed, alert: null, asked: [] }], 'supervisor')).toEqual([]);
  });
  it('takes the word of one person for no less than it is', () => {
    expect(levelsFrom('moderate')).toEqual(['moderate', 'high']);
    expect(levelsFrom('')).toHaveLength(4);
  });
  it('sounds only for who is asked', () => {
    expect(rings([alert])).toBe(true);
    expect(rings([asked, mine])).toBe(false);
  });
  it('has one act: come, then listen, then look', () => {
    expect(actOn(alert, lead)).toBe('ack');
    expect(actOn(asked, lead)).toBe('ack');
    expect(actOn({ ...mine, joined_at: 0 }, lead)).toBe('join');
    expect(actOn({ ...mine, joined_at: 7 }, lead)).toBe('open');
    expect(actOn({ ...mine, joined_at: 0 }, { ...lead, call: counsellor.call })).toBe('open');
  });
  it('rings anew for a higher level, whoever answered before', () => {
    const again: IncidentRow = {
      ...alert,
      supervisor: 'u',
      mine: 'supervisor',
      alert: alert.alert && { ...alert.alert, at: 9 },
    };
    expect(alarmOf(again)).not.toBe(alarmOf(alert));
    expect(actOn(again, lead)).toBe('ack');
    expect(rings([again])).toBe(true);
  });
  it('rings also for what the escalation does not have; then there is nothing but to come', () => {
    expect(shownRows([alert, kept], 'supervisor')).toHaveLength(2);
    expect(rings([kept])).toBe(true);
    expect(actOn(kept, lead)).toBe('ack');
    const taken: IncidentRow = { ...kept, alert: null, supervisor: 'u', mine: 'supervisor' };
    expect(actOn(taken, lead)).toBe('none');
    expect(shownRows([taken], 'supervisor')).toEqual([taken]);
    expect(shownRows([{ ...taken, mine: '' }], 'supervisor')).toEqual([]);
    expect(actOn({ ...kept, alert: null, mine: 'counsellor' }, counsellor)).toBe('none');
    expect(actOn({ ...kept, alert: null, mine: 'counsellor' }, lead)).toBe('none');
  });
  it('is another alarm when the incident begins, which who answered is not asked again', () => {
    expect(alarmOf(kept)).not.toBe(alarmOf(alert));
  });
  it('offers the checklist to who takes calls, not to who has a part', () => {
    const wanted: IncidentRow = { ...others, wants_second: true };
    expect(shownRows([wanted], 'agent')).toEqual([wanted]);
    expect(actOn(wanted, counsellor)).toBe('second');
    expect(actOn({ ...wanted, mine: 'counsellor' }, counsellor)).toBe('open');
    expect(shownRows([wanted], 'supervisor')).toEqual([]);
  });
});

describe('countdown', () => {
  it('begins whole and ends at nothing', () => {
    expect(countdown(30_000, 0)).toEqual({ text: '0:30', late: false });
    expect(countdown(30_000, 29_999)).toEqual({ text: '0:01', late: false });
    expect(countdown(30_000, 30_000)).toEqual({ text: '0:00', late: false });
  });
  it('says by how much it is late', () => {
    expect(countdown(0, 65_000)).toEqual({ text: '+1:05', late: true });
  });
});

describe('what is known and told', () => {
  it('tells not asked from not known', () => {
    const rules = {
      ...whole.rules,
      facts: ['location', 'company', 'means'].map((id) => ({ id, names: {} })),
    };
    const rows = factRows({ ...whole, rules });
    expect(rows.map((row) => row.state)).toEqual(['done', 'unknown', 'open']);
    const done = progress({ ...whole, rules });
    expect(done).toEqual({ done: 5, all: 6 });
  });
  it('needs somebody who answers for telling others without consent', () => {
    expect(needsAuthority(whole)).toBe(false);
    expect(needsAuthority({ ...whole, authorisation: null })).toBe(true);
    const given = whole.consent && { ...whole.consent, answer: 'given' };
    expect(needsAuthority({ ...whole, authorisation: null, consent: given })).toBe(false);
  });
  it('says codes of the packet in words and leaves the rest as it was noted', () => {
    const packet = [
      { field: 'danger', from: 'level', text: 'high' },
      { field: 'location', from: 'location', text: 'high' },
    ];
    expect(shownPacket(packet, (from, code) => `${from}:${code}`).map((line) => line.text)).toEqual([
      'level:high',
      'high',
    ]);
  });
  it('names the services that nobody told', () => {
    expect(untold(whole)).toEqual([]);
    expect(untold({ ...whole, disclosures: [] }).map((one) => one.contact)).toEqual(['pb-120']);
    const [service] = whole.services;
    const failed = service ? [{ ...service, failed_at: 1 }] : [];
    expect(untold({ ...whole, disclosures: [], services: failed })).toEqual([]);
  });
  it('puts who can send somebody before the rest, and leaves the order among equals', () => {
    const kinds = ['agency', 'fire', 'other', 'police', 'ambulance'].map((kind) => ({ kind }));
    expect(helpersFirst(kinds).map((one) => one.kind)).toEqual([
      'police',
      'ambulance',
      'fire',
      'agency',
      'other',
    ]);
  });
  it('reads what a refused end names, and nothing from another refusal', () => {
    expect(barredBy({ code: 'closure_barred', details: { missing: ['confirmed', 1] } })).toEqual([
      'confirmed',
    ]);
    expect(barredBy({ code: 'same_person', details: null })).toBeNull();
  });
});

describe('the list', () => {
  const [row] = incidentList(golden('http_incidents'), '').incidents;
  if (!row) throw new Error('the golden list is empty');
  const closed = { ...row, incident: 'x', state: 'closed' as const, level: 'low' };
  const rows = [closed, { ...row, incident: 'late', due_at: 9 }, { ...row, incident: 'soon', due_at: 5 }];
  const ids = (filter: Partial<typeof allIncidents>, now = 0) =>
    listed(rows, { ...allIncidents, ...filter }, now).map((one) => one.incident);

  it('has open ones first, the nearest deadline on top', () => {
    expect(ids({})).toEqual(['soon', 'late', 'x']);
  });
  it('is narrowed', () => {
    expect(ids({ state: 'closed' })).toEqual(['x']);
    expect(ids({ state: 'open', level: 'low' })).toEqual([]);
    expect(ids({ needle: ' 咨询员二 ' })).toEqual(['soon', 'late', 'x']);
    expect(ids({ needle: 'nobody' })).toEqual([]);
    expect(ids({ report: 'overdue' })).toEqual([]);
    expect(ids({ report: 'overdue' }, row.report.due_at + 1)).toHaveLength(3);
  });
});

describe('the ledger', () => {
  const event = (kind: string, more: Partial<IncidentEvent> = {}): IncidentEvent => ({
    seq: 1,
    at: 1,
    kind,
    by: 'u-1',
    by_name: '督导一',
    params: {},
    text: '',
    packet: [],
    ...more,
  });
  const chinese = JSON.parse(
    readFileSync(join(import.meta.dirname, '../locales/zh-CN/later/incident.json'), 'utf8'),
  ) as { incident: { ledger: Record<string, Record<string, string>> } };
  const { ledger } = chinese.incident;

  // As crisis/event.go names them.
  const kinds =
    'opened triggered level due acknowledged declined lead joined call call_ended reached file second fact consent measure authorised service_asked service_joined service_failed disclosed checked skipped note arrival_confirmed next_step next_step_done closure_proposed closure_refused closed reopened report_filed follow_ups_planned debriefed form_late form_kept form_in care';
  it.each(kinds.split(' '))('has a sentence for %s', (kind) => {
    const variants: Partial<IncidentEvent>[] = [
      {},
      { by: 'system', by_name: '' },
      { params: { via: 'phone', other: '咨询员一', known: 'yes', cut: 'yes', code: 'refused' } },
      { params: { code: 'given', until: '1' } },
    ];
    for (const more of variants) {
      const { key } = sentenceOf(event(kind, more));
      const [name = '', variant = ''] = key.split('.');
      expect(ledger[name]?.[variant], key).toBeTruthy();
    }
  });
  it('tells what was done by itself from what a person did', () => {
    expect(sentenceOf(event('opened')).key).toBe('opened.person');
    expect(sentenceOf(event('opened', { by: 'caller', by_name: '' })).key).toBe('opened.itself');
    expect(sentenceOf(event('acknowledged', { params: { via: 'phone' } })).key).toBe('acknowledged.phone');
    expect(sentenceOf(event('acknowledged', { params: { via: 'console', until: '1' } })).key).toBe(
      'acknowledged.before',
    );
  });
  it('shows the words of people below their sentence, word for word', () => {
    const told = event('arrival_confirmed', {
      params: { who: '急救医生', how: '通话中听到' },
      text: '已止血',
    });
    expect(wordsOf(told)).toEqual(['急救医生', '通话中听到', '已止血']);
  });
});
