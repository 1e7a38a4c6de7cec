// HTTP, docs/protocol.md section 5. Every failure is a Refusal with a code that the locale files know.
import { failure } from '../protocol/messages';
import type { Reader } from '../protocol/shape';
import * as structures from '../protocol/structures';
import { Refusal } from '../state/requests';

export async function call<T>(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  read: Reader<T>,
  body?: unknown,
  options: { timeout?: number; signal?: AbortSignal } = {},
): Promise<T> {
  const limit = AbortSignal.timeout(options.timeout ?? 10_000);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: options.signal ? AbortSignal.any([limit, options.signal]) : limit,
      ...(body === undefined
        ? {}
        : body instanceof Blob
          ? { headers: { 'Content-Type': 'application/octet-stream' }, body }
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
    return new Refusal(error, params, (value as { params?: unknown }).params);
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
  tasks: () => call('GET', '/api/tasks', structures.taskList),
  taskOf: (callId: string) => call('GET', `/api/calls/${encodeURIComponent(callId)}/task`, structures.task),
  callNow: (id: string) => call('POST', `/api/tasks/${encodeURIComponent(id)}/call`, nothing, {}),
  closeTask: (id: string, reason: string, done: boolean) =>
    call('POST', `/api/tasks/${encodeURIComponent(id)}/close`, nothing, { reason, done }),
  sayResult: (id: string, result: 'wrong_person' | 'refused' | 'no_answer') =>
    call('POST', `/api/tasks/${encodeURIComponent(id)}/result`, nothing, { result }),
  blocks: () => call('GET', '/api/blocks', structures.blockList),
  proposeBlock: (callId: string, kind: structures.BlockKind, reason: string) =>
    call('POST', '/api/blocks', structures.block, { call: callId, kind, reason }),
  approveBlock: (id: string, hours: number) =>
    call('POST', `/api/blocks/${encodeURIComponent(id)}/approve`, structures.block, { hours }),
  refuseBlock: (id: string, reason: string) =>
    call('POST', `/api/blocks/${encodeURIComponent(id)}/refuse`, structures.block, { reason }),
  liftBlock: (id: string, reason: string) =>
    call('POST', `/api/blocks/${encodeURIComponent(id)}/lift`, structures.block, { reason }),
  decisions: (of: string) =>
    call('GET', `/api/decisions?call=${encodeURIComponent(of)}`, structures.decisionList),
};
