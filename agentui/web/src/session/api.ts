// HTTP, docs/protocol.md section 5. Every failure is a Refusal with a code that the locale files know.
import { failure } from '../protocol/messages';
import type { Reader } from '../protocol/shape';
import * as structures from '../protocol/structures';
import { Refusal } from '../state/requests';

async function call<T>(method: 'GET' | 'POST', path: string, read: Reader<T>, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined
        ? {}
        : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refusal('network');
  }
  const value: unknown = await response.json().catch(() => null);
  if (!response.ok) throw refusalOf(response.status, value);
  try {
    return read(value, '');
  } catch {
    throw new Refusal('malformed_answer');
  }
}

function refusalOf(status: number, value: unknown): Refusal {
  try {
    const { error, params } = failure(value, '');
    return new Refusal(error, params);
  } catch {
    return new Refusal(status >= 500 ? 'unavailable' : `http_${String(status)}`);
  }
}

const nothing: Reader<null> = () => null;

export const api = {
  config: () => call('GET', '/api/config', structures.config),
  me: () => call('GET', '/api/me', structures.me),
  login: (username: string, password: string) =>
    call('POST', '/api/login', structures.me, { username, password }),
  logout: () => call('POST', '/api/logout', nothing),
  recordings: (before: number, limit: number) =>
    call(
      'GET',
      `/api/recordings?limit=${String(limit)}${before > 0 ? `&before=${String(before)}` : ''}`,
      structures.recordingList,
    ),
  access: (id: string, reason: string) =>
    call('POST', `/api/recordings/${encodeURIComponent(id)}/access`, structures.grant, { reason }),
};
