// Incidents as screens show them: what rings, which one act is next, what is still to be done, and the ledger's sentences. Pure.
import type {
  Incident,
  IncidentEvent,
  IncidentListed,
  IncidentRow,
  PacketField,
} from '../protocol/incidents';
import type { Self } from '../protocol/structures';
import { duration } from './clock';

export type Level = 'none' | 'low' | 'moderate' | 'high';

/** A level that this page knows; anything else is none that was said. */
export function levelOf(code: string): Level | '' {
  return (['none', 'low', 'moderate', 'high'] as const).find((one) => one === code) ?? '';
}

/** The levels that one person alone may say of an incident at a level. */
export function levelsFrom(code: string): readonly Level[] {
  const all = ['none', 'low', 'moderate', 'high'] as const;
  const from = levelOf(code);
  return from === '' ? all : all.slice(all.indexOf(from));
}

/** What the one key does: say that one comes, then listen, then look; for who is free and takes calls, take the checklist. */
export type AlarmAct = 'ack' | 'join' | 'second' | 'open' | 'none';

/** Those that a page shows above everything: what waits for an answer first, then what the person has a part in, the most urgent first. */
export function shownRows(rows: readonly IncidentRow[], role: string): readonly IncidentRow[] {
  return rows
    .filter(
      (row) =>
        (row.state !== 'closed' || row.alert !== null || row.asked.length > 0) &&
        (row.supervisor === '' || row.alert !== null || row.mine !== '' || offered(row, role)),
    )
    .sort(
      (a, b) =>
        Number(b.alert !== null) - Number(a.alert !== null) ||
        Number(a.supervisor !== '') - Number(b.supervisor !== '') ||
        (a.due_at || Infinity) - (b.due_at || Infinity) ||
        (a.incident < b.incident ? -1 : 1),
    );
}

// Who takes calls and is free is shown those for which a second person is wanted; who leads sees them in the list.
function offered(row: IncidentRow, role: string): boolean {
  return role !== 'supervisor' && row.wants_second;
}

/** Whether it must sound: the person is asked, and nobody has answered. */
export function rings(rows: readonly IncidentRow[]): boolean {
  return rows.some((row) => row.alert !== null);
}

/** One alarm of an incident: when it rings again, for a higher level or a step that is late, it is another and must be answered anew. */
export function alarmOf(row: IncidentRow): string {
  return `${row.incident} ${String(row.alert?.at ?? 0)}`;
}

/** What the key does with a row now; a person who talks or is elsewhere cannot listen. */
export function actOn(row: IncidentRow, self: Self | null): AlarmAct {
  // Without its database the escalation shows nothing, and nobody may listen: a look must be in the trail first.
  if (row.untold) return row.alert !== null && self?.role === 'supervisor' ? 'ack' : 'none';
  if (self?.role !== 'supervisor') return row.wants_second && row.mine === '' ? 'second' : 'open';
  if (row.alert !== null || row.supervisor === '') return 'ack';
  return canListen(row, self) ? 'join' : 'open';
}

export function canListen(row: IncidentRow, self: Self | null): boolean {
  return (
    row.mine === 'supervisor' &&
    row.joined_at === 0 &&
    row.call !== '' &&
    self !== null &&
    self.call === null &&
    self.assist === null
  );
}

export interface Countdown {
  readonly text: string;
  readonly late: boolean;
}

/** What is left until a deadline, or by how much it is passed. Far ones are told by `far` instead. */
export function countdown(due: number, now: number): Countdown {
  const left = due - now;
  return left >= 0
    ? { text: duration(left + 999), late: false }
    : { text: `+${duration(-left)}`, late: true };
}

/** A deadline further away than this is shown as a time of the day, ms. */
export const far = 6 * 3600_000;

export type CheckState = 'done' | 'unknown' | 'open';

/** The facts in the policy's order, with what is known of each. */
export function factRows(incident: Incident) {
  return incident.rules.facts.map((choice) => {
    const fact = incident.facts.find((one) => one.kind === choice.id) ?? null;
    const state: CheckState = fact === null ? 'open' : fact.known ? 'done' : 'unknown';
    return { choice, fact, state };
  });
}

/** How much of the dispatch is done: facts, consent, a measure, a service, and the region's own items. */
export function progress(incident: Incident): { done: number; all: number } {
  const parts = [
    ...factRows(incident).map((row) => row.state !== 'open'),
    incident.consent !== null,
    incident.measures.length > 0,
    ...incident.rules.checklist.map((item) => incident.checked.some((mark) => mark.item === item.id)),
  ];
  return { done: parts.filter(Boolean).length, all: parts.length };
}

/** Whether somebody is told without consent, for which somebody must answer. */
export function needsAuthority(incident: Incident): boolean {
  return incident.consent?.answer !== 'given' && incident.authorisation === null;
}

/** The packet as it is read out: one line for each field that has something. */
export function packetText(packet: readonly PacketField[], name: (field: string) => string): string {
  return packet.map((line) => `${name(line.field)}: ${line.text}`).join('\n');
}

/** What a list shows, and in which order: open ones first, those whose deadline is nearest on top. */
export interface ListFilter {
  readonly state: 'open' | 'closed' | 'all';
  readonly level: string;
  readonly report: 'any' | 'due' | 'overdue';
  readonly needle: string;
}

export const allIncidents: ListFilter = { state: 'all', level: '', report: 'any', needle: '' };

export function reportOwed(row: IncidentListed): boolean {
  return row.report.owed && row.report.done_at === 0;
}

export function listed(
  rows: readonly IncidentListed[],
  filter: ListFilter,
  now: number,
): readonly IncidentListed[] {
  const needle = filter.needle.trim().toLowerCase();
  return rows
    .filter((row) => {
      if (filter.state === 'open' && row.state === 'closed') return false;
      if (filter.state === 'closed' && row.state !== 'closed') return false;
      if (filter.level !== '' && row.level !== filter.level) return false;
      if (filter.report === 'due' && !reportOwed(row)) return false;
      if (filter.report === 'overdue' && !(reportOwed(row) && row.report.due_at < now)) return false;
      return (
        needle === '' ||
        [row.line_name, row.line, row.counsellor_name, row.supervisor_name, row.second_name, row.incident]
          .join(' ')
          .toLowerCase()
          .includes(needle)
      );
    })
    .sort(
      (a, b) =>
        Number(a.state === 'closed') - Number(b.state === 'closed') ||
        (a.state === 'closed'
          ? b.opened_at - a.opened_at
          : (a.due_at || Infinity) - (b.due_at || Infinity) || a.opened_at - b.opened_at),
    );
}

/** A sentence of the ledger: a key below `incident.ledger` and what stands in its places. Codes among them are put in words by the page. */
export interface Sentence {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
}

const byItself = ['system', 'caller', ''];

/** One event in plain language. What the events do not say is not in the sentence, so a missing name never leaves a hole. */
export function sentenceOf(event: IncidentEvent): Sentence {
  const { kind, params } = event;
  const values = { ...params, text: event.text, name: event.by_name };
  const variant = (name: string) => ({ key: `${kind}.${name}`, values });
  switch (kind) {
    case 'opened':
    case 'triggered':
      return variant(byItself.includes(event.by) ? 'itself' : 'person');
    case 'level':
      return variant(params.other ? 'confirmed' : 'said');
    case 'due':
      return variant('passed');
    case 'acknowledged':
      return variant(params.via === 'phone' ? 'phone' : params.until ? 'before' : 'console');
    case 'call':
      return variant(params.other ? 'with' : 'alone');
    case 'call_ended':
      return variant(params.cut ? 'cut' : 'over');
    case 'fact':
      return variant(params.known ? 'known' : 'unknown');
    case 'consent':
      return variant(params.code ?? 'not_possible');
    case 'next_step':
      return variant('planned');
    case 'closed':
      return variant('agreed');
    default:
      return variant('said');
  }
}

/** The text that belongs below a sentence: what a person said in their own words. */
export function wordsOf(event: IncidentEvent): readonly string[] {
  const lines = event.packet.map((line) => line.text);
  return [event.params.who ?? '', event.params.how ?? '', event.text, ...lines].filter((line) => line !== '');
}

/** As printed on the screen. F4 is free in every browser and beside F2, which answers a call. */
export const incidentKeys = { answer: ['F4'], open: ['Alt', 'I'] } as const;

/** The parts of an incident's screen that a key reaches, and how it is printed beside their heads. */
export const panelKeys = {
  facts: { code: 'KeyL', shown: ['Alt', 'L'] },
  will: { code: 'KeyA', shown: ['Alt', 'A'] },
  services: { code: 'KeyP', shown: ['Alt', 'P'] },
  arrival: { code: 'KeyR', shown: ['Alt', 'R'] },
  closing: { code: 'KeyZ', shown: ['Alt', 'Z'] },
} as const;

/** The packet with its codes in words, as it is read out. */
export function shownPacket(
  packet: readonly PacketField[],
  words: (from: 'level' | 'trigger', code: string) => string,
): readonly PacketField[] {
  return packet.map((line) =>
    line.from === 'level' || line.from === 'trigger' ? { ...line, text: words(line.from, line.text) } : line,
  );
}

/** The services that came, or may come, to the telephone and were not told anything. */
export function untold(incident: Incident) {
  return incident.services.filter(
    (one) => one.failed_at === 0 && !incident.disclosures.some((told) => told.contact === one.contact),
  );
}

/** Those who can send somebody stand before all others. */
export function helpersFirst<T extends { kind: string }>(contacts: readonly T[]): readonly T[] {
  const order = ['police', 'ambulance', 'fire', 'hospital'];
  const place = (kind: string) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return [...contacts].sort((a, b) => place(a.kind) - place(b.kind));
}

/** When a named next step may be due, minutes from now. */
export const soon = [30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080] as const;

/** What a refused end names as missing; null when it was refused for something else. */
export function barredBy(refusal: { code: string; details: unknown }): readonly string[] | null {
  const { missing } = (refusal.details ?? {}) as { missing?: unknown };
  if (refusal.code !== 'closure_barred' || !Array.isArray(missing)) return null;
  return missing.filter((one): one is string => typeof one === 'string');
}
