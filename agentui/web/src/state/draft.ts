// Lines while somebody edits them: everything that the document may leave out is there to be filled in, and goes again when it is empty.
import type {
  Callback,
  Choice,
  Holiday,
  Line,
  Opening,
  Overflow,
  Partner,
  Policy,
  Skills,
  Step,
  Target,
  Variant,
  Words,
} from '../protocol/lines';

/** Milliseconds; null: the default. */
export type Span = number | null;

export interface SkillDraft {
  name: string;
  level: number;
}
export interface StepDraft {
  after: Span;
  skill: string;
  /** Lower the level `by` so much, or `to` this; to 0 drops the skill. */
  way: 'by' | 'to';
  level: number;
}
export interface ChoiceDraft {
  key: string;
  language: string;
  needs: SkillDraft[];
}
export interface OverflowDraft {
  when: Overflow['when'];
  after: Span;
  to: string;
}
export interface HolidayDraft {
  date: string;
  open: boolean;
  from: string;
  to: string;
  name: string;
}
export interface TargetDraft {
  within: Span;
  share: number | null;
}
export interface CallbackDraft {
  key: string;
  first: boolean;
  abandoned: NonNullable<Callback['abandoned']>;
  callerId: string;
  attempts: number | null;
  every: Span;
  mayVoicemail: boolean;
}
export interface VariantDraft {
  greeting: Words;
  /** null: as in ordinary times. */
  relax: StepDraft[] | null;
  groups: number | null;
  announceEvery: Span;
  callbackFirst: boolean;
  overflow: OverflowDraft[] | null;
}
export interface LineDraft {
  id: string;
  numbers: string[];
  names: Words;
  greeting: Words;
  zone: string;
  weekly: Opening[];
  holidays: HolidayDraft[];
  menu: ChoiceDraft[];
  menuWait: Span;
  needs: SkillDraft[];
  relax: StepDraft[];
  groups: number;
  patience: Span;
  target: TargetDraft;
  announceEvery: Span;
  callback: CallbackDraft;
  overflow: OverflowDraft[];
  phones: string[];
  emergency: VariantDraft | null;
}
export interface GroupDraft {
  group: number;
  names: Words;
}
export interface PolicyDraft {
  lines: LineDraft[];
  partners: Required<Partner>[];
  targets: TargetDraft[];
  groups: GroupDraft[];
  floors: SkillDraft[];
  exposure: { window: Span; limit: number; rest: Span };
  patience: Span;
  message: Words;
}

export function newLine(): LineDraft {
  return openLine({ id: '', numbers: [''], names: {} });
}

export function newVariant(): VariantDraft {
  return {
    greeting: {},
    relax: null,
    groups: null,
    announceEvery: null,
    callbackFirst: false,
    overflow: null,
  };
}

export function openPolicy(p: Policy): PolicyDraft {
  return {
    lines: p.lines.map(openLine),
    partners: (p.partners ?? []).map((one) => ({ ...one, answer_is_human: one.answer_is_human ?? false })),
    targets: (p.targets ?? []).map(openTarget),
    groups: Object.entries(p.groups ?? {}).map(([group, names]) => ({
      group: Number(group),
      names: { ...names },
    })),
    floors: openSkills(p.floors),
    exposure: {
      window: p.exposure?.window_ms ?? null,
      limit: p.exposure?.limit ?? 0,
      rest: p.exposure?.break_ms ?? null,
    },
    patience: p.patience_ms ?? null,
    message: { ...p.emergency_message },
  };
}

export function closePolicy(d: PolicyDraft): Policy {
  const exposure = given({
    window_ms: span(d.exposure.window),
    limit: d.exposure.limit || undefined,
    break_ms: span(d.exposure.rest),
  });
  return given({
    lines: d.lines.map(closeLine),
    partners: some(
      d.partners.map((one) => given({ ...one, answer_is_human: one.answer_is_human || undefined })),
    ),
    targets: some(d.targets.map(closeTarget)),
    groups: filled(Object.fromEntries(d.groups.map((one) => [String(one.group), words(one.names) ?? {}]))),
    floors: closeSkills(d.floors),
    exposure: filled(exposure),
    patience_ms: span(d.patience),
    emergency_message: words(d.message),
  });
}

function openLine(l: Line): LineDraft {
  return {
    id: l.id,
    numbers: [...l.numbers],
    names: { ...l.names },
    greeting: { ...l.greeting },
    zone: l.hours?.zone ?? '',
    weekly: (l.hours?.weekly ?? []).map((one) => ({ ...one, days: [...one.days] })),
    holidays: (l.hours?.holidays ?? []).map(openHoliday),
    menu: (l.menu ?? []).map((one) => ({ ...one, needs: openSkills(one.needs) })),
    menuWait: l.menu_wait_ms ?? null,
    needs: openSkills(l.needs),
    relax: (l.relax ?? []).map(openStep),
    groups: l.groups ?? 0,
    patience: l.patience_ms ?? null,
    target: l.target ? openTarget(l.target) : { within: null, share: null },
    announceEvery: l.announce_every_ms ?? null,
    callback: {
      key: l.callback?.key ?? '',
      first: l.callback?.first ?? false,
      abandoned: l.callback?.abandoned ?? 'task',
      callerId: l.callback?.caller_id ?? '',
      attempts: l.callback?.attempts ?? null,
      every: l.callback?.every_ms ?? null,
      mayVoicemail: l.callback?.may_voicemail ?? false,
    },
    overflow: (l.overflow ?? []).map(openOverflow),
    phones: [...(l.phones ?? [])],
    emergency: l.emergency ? openVariant(l.emergency) : null,
  };
}

function closeLine(d: LineDraft): Line {
  const hours = given({
    zone: d.zone.trim() || undefined,
    weekly: some(d.weekly),
    holidays: some(d.holidays.map(closeHoliday)),
  });
  const callback = given({
    key: d.callback.key || undefined,
    first: d.callback.first || undefined,
    abandoned: d.callback.abandoned === 'task' ? undefined : d.callback.abandoned,
    caller_id: d.callback.callerId.trim() || undefined,
    attempts: d.callback.attempts ?? undefined,
    every_ms: span(d.callback.every),
    may_voicemail: d.callback.mayVoicemail || undefined,
  });
  return given({
    id: d.id.trim(),
    numbers: d.numbers.map((one) => one.trim()),
    names: words(d.names) ?? {},
    greeting: words(d.greeting),
    hours: filled(hours),
    menu: some(d.menu.map((one): Choice => ({ ...one, needs: closeSkills(one.needs) ?? {} }))),
    menu_wait_ms: span(d.menuWait),
    needs: closeSkills(d.needs),
    relax: some(d.relax.map(closeStep)),
    groups: d.groups || undefined,
    patience_ms: span(d.patience),
    target: d.target.within === null && d.target.share === null ? undefined : closeTarget(d.target),
    announce_every_ms: span(d.announceEvery),
    callback: filled(callback),
    overflow: some(d.overflow.map(closeOverflow)),
    phones: some(d.phones.map((one) => one.trim())),
    emergency: d.emergency ? closeVariant(d.emergency) : undefined,
  });
}

function openVariant(v: Variant): VariantDraft {
  return {
    greeting: { ...v.greeting },
    relax: v.relax ? v.relax.map(openStep) : null,
    groups: v.groups ?? null,
    announceEvery: v.announce_every_ms ?? null,
    callbackFirst: v.callback_first ?? false,
    overflow: v.overflow ? v.overflow.map(openOverflow) : null,
  };
}

function closeVariant(d: VariantDraft): Variant {
  return given({
    greeting: words(d.greeting),
    relax: d.relax ? d.relax.map(closeStep) : undefined,
    groups: d.groups ?? undefined,
    announce_every_ms: span(d.announceEvery),
    callback_first: d.callbackFirst || undefined,
    overflow: d.overflow ? d.overflow.map(closeOverflow) : undefined,
  });
}

const openSkills = (s: Skills | undefined): SkillDraft[] =>
  Object.entries(s ?? {}).map(([name, level]) => ({ name, level }));

// Of a skill that stands there twice the later counts; the row that is left empty is refused by the server with its field.
const closeSkills = (rows: readonly SkillDraft[]): Skills | undefined =>
  filled(Object.fromEntries(rows.map((row) => [row.name.trim(), row.level])));

const openStep = (s: Step): StepDraft => ({
  after: s.after_ms,
  skill: s.skill,
  way: s.by ? 'by' : 'to',
  level: (s.by ? s.by : s.to) ?? 0,
});

const closeStep = (d: StepDraft): Step =>
  given({
    after_ms: d.after ?? 0,
    skill: d.skill.trim(),
    by: d.way === 'by' ? d.level || undefined : undefined,
    to: d.way === 'to' ? d.level || undefined : undefined,
  });

const openOverflow = (o: Overflow): OverflowDraft => ({ when: o.when, after: o.after_ms ?? null, to: o.to });
const closeOverflow = (d: OverflowDraft): Overflow =>
  given({ after_ms: span(d.after), when: d.when, to: d.to });
const openTarget = (t: Target): TargetDraft => ({ within: t.within_ms, share: t.share });
const closeTarget = (d: TargetDraft): Target => ({ within_ms: d.within ?? 0, share: d.share ?? 0 });

const openHoliday = (h: Holiday): HolidayDraft => ({
  date: h.date,
  open: (h.from ?? '') !== '',
  from: h.from ?? '',
  to: h.to ?? '',
  name: h.name ?? '',
});
const closeHoliday = (d: HolidayDraft): Holiday =>
  given({
    date: d.date,
    from: d.open ? d.from : undefined,
    to: d.open ? d.to : undefined,
    name: d.name.trim() || undefined,
  });

const span = (ms: Span): number | undefined => ms ?? undefined;
const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

function words(w: Words): Words | undefined {
  return filled(
    Object.fromEntries(
      Object.entries(w)
        .map(([locale, text]) => [locale, text.trim()] as const)
        .filter(([, text]) => text !== ''),
    ),
  );
}

function filled<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

// What is left out is not there at all: a field that holds undefined is no field of the document.
function given<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
