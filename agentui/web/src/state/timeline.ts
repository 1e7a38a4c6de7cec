// What happened to a person, newest first: calls, levels, incidents, follow-ups, plans and what was done to the file, on one line of time.
import type { FileAct, FileContact, FilePage } from '../protocol/files';

export type Moment =
  | { kind: 'contact'; at: number; key: string; contact: FileContact }
  | { kind: 'act'; at: number; key: string; act: FileAct }
  | { kind: 'safety'; at: number; key: string; version: number; by: string }
  | { kind: 'incident'; at: number; key: string; incident: FilePage['incidents'][number] }
  | { kind: 'followup'; at: number; key: string; owed: FilePage['follow_ups'][number] };

/** That a call was put into the file says nothing beside the call itself. */
export function momentsOf(page: FilePage): Moment[] {
  const moments: Moment[] = [
    ...page.contacts.map((contact): Moment => ({
      kind: 'contact',
      at: contact.at,
      key: contact.call,
      contact,
    })),
    ...page.acts
      .filter((act) => act.kind !== 'link')
      .map((act): Moment => ({ kind: 'act', at: act.at, key: act.act, act })),
    ...page.incidents.map((incident): Moment => ({
      kind: 'incident',
      at: incident.at,
      key: incident.incident,
      incident,
    })),
    ...page.follow_ups.map((owed): Moment => ({
      kind: 'followup',
      at: owed.ended_at || owed.due_at,
      key: owed.follow_up,
      owed,
    })),
  ];
  if (page.safety.version > 0) {
    moments.push({
      kind: 'safety',
      at: page.safety.at,
      key: `safety-${String(page.safety.version)}`,
      version: page.safety.version,
      by: page.safety.by_name,
    });
  }
  return moments.sort((a, b) => b.at - a.at || a.key.localeCompare(b.key));
}
