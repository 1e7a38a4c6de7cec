import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRenderer, defineComponent, h, nextTick, ref } from 'vue';
import type { FileDraft } from '../../protocol/files';
import { Refusal } from '../../state/requests';
import { useFileDraft } from './filedraft';

/** A server that answers a PUT when it is told to, and knows no draft. */
const server = vi.hoisted(() => ({
  puts: [] as { file: string; answers: unknown; yes: () => void; no: (why: unknown) => void }[],
}));
vi.mock('../../session/files', () => ({
  filesApi: {
    fileDrafts: () => Promise.resolve({ drafts: [] }),
    keepFileDraft: (
      file: string,
      _: string,
      kind: 'safety',
      base: number,
      rev: number,
      answers: FileDraft['answers'],
    ) =>
      new Promise<FileDraft>((take, no) => {
        const yes = () => {
          take({ kind, base, rev, at: 1, answers });
        };
        server.puts.push({ file, answers, yes, no });
      }),
  },
}));

interface Nothing {
  parent?: Nothing;
}
const { createApp } = createRenderer<Nothing, Nothing>({
  insert: () => undefined,
  remove: () => undefined,
  createElement: () => ({}),
  createText: () => ({}),
  createComment: () => ({}),
  setText: () => undefined,
  setElementText: () => undefined,
  parentNode: () => ({}),
  nextSibling: () => null,
  patchProp: () => undefined,
});

function page() {
  const file = ref('A');
  let draft!: ReturnType<typeof useFileDraft>;
  const app = createApp(
    defineComponent(() => {
      draft = useFileDraft('safety', () => ({ file: file.value, grant: '' }));
      return () => h('p');
    }),
  );
  app.mount({});
  return { app, file, draft };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  vi.stubGlobal('document', { addEventListener: () => undefined, removeEventListener: () => undefined });
  server.puts = [];
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a draft about a person', () => {
  it('is never that of another who is shown meanwhile', async () => {
    const { file, draft } = page();
    await pass(0);
    draft.begin(() => 1);
    draft.change({ signs: 'of A' });
    await pass(700);
    file.value = 'B';
    await nextTick();
    await pass(0);
    server.puts[0]?.yes();
    await pass(0);
    expect(draft.found.value).toBeNull();
    expect(draft.state.value).toBe('clean');
    draft.begin(() => 2);
    draft.change({ signs: 'of B' });
    await pass(700);
    expect(server.puts.map(({ file, answers }) => ({ file, answers }))).toEqual([
      { file: 'A', answers: { signs: 'of A' } },
      { file: 'B', answers: { signs: 'of B' } },
    ]);
    server.puts[1]?.yes();
    await pass(0);
    expect(draft.found.value?.answers).toEqual({ signs: 'of B' });
  });

  it('that was refused for good is not tried again, neither while it is written nor afterwards', async () => {
    const { app, draft } = page();
    await pass(0);
    draft.begin(() => 1);
    draft.change({ signs: 'a' });
    await pass(700);
    server.puts[0]?.no(new Refusal('not_found'));
    await pass(60_000);
    expect(server.puts).toHaveLength(1);
    expect(draft.state.value).toBe('failing');
    draft.change({ signs: 'ab' });
    await pass(700);
    server.puts[1]?.no(new Refusal('unavailable'));
    await pass(2000);
    expect(server.puts).toHaveLength(3);
    app.unmount();
    server.puts[2]?.no(new Refusal('unavailable'));
    await pass(0);
    for (const one of server.puts.slice(3)) one.no(new Refusal('unavailable'));
    await pass(0);
    const tried = server.puts.length;
    await pass(60_000);
    expect(server.puts).toHaveLength(tried);
  });

  it('that could not be sent is there again when the editor is opened anew', async () => {
    const { draft } = page();
    await pass(0);
    draft.begin(() => 4);
    draft.change({ signs: 'not lost' });
    void draft.end();
    await pass(0);
    server.puts[0]?.no(new Refusal('network'));
    await pass(0);
    expect(draft.found.value).toMatchObject({ base: 4, answers: { signs: 'not lost' } });
  });
});
