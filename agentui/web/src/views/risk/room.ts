// What is known of the danger of one call, and what is said of it: read once, then kept up to date by what this page says and by what waits for people.
import { onBeforeUnmount, ref, shallowRef, watch } from 'vue';
import type { FormAnswers, FormsInForce } from '../../protocol/forms';
import type { CallRisk, RiskAnswer, RiskLevel, RiskMoment, ScaleFilled } from '../../protocol/risk';
import { useConsole } from '../../session/console';
import { riskApi } from '../../session/risk';
import { Refusal } from '../../state/requests';

const again = 1500;

export function useRiskOf(call: () => string) {
  const console = useConsole();
  const risk = ref<CallRisk | null>(null);
  const forms = shallowRef<FormsInForce | null>(null);
  let gone = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    clearTimeout(timer);
    try {
      const [read, now] = await Promise.all([
        riskApi.of(call()),
        forms.value ? Promise.resolve(forms.value) : riskApi.forms(),
      ]);
      risk.value = read;
      forms.value = now;
    } catch (error) {
      const lost = !(error instanceof Refusal) || ['network', 'unavailable', 'timeout'].includes(error.code);
      if (!gone && lost) timer = setTimeout(() => void load(), again);
    }
  }
  void load();
  watch(
    [call, () => console.desk.value.duties.lowerings, () => console.desk.value.duties.change],
    () => void load(),
  );
  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(timer);
  });

  /** Does it, and says in words what did not work. */
  async function doing<T>(work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (error) {
      console.notices.refused(error);
      return null;
    }
  }
  async function asked(answer: RiskAnswer, reason: string): Promise<boolean> {
    const kept = await doing(riskApi.asked(call(), answer, reason));
    if (kept === null) return false;
    if (risk.value) risk.value = { ...risk.value, asked: kept };
    console.notices.settled('risk_missing');
    return true;
  }
  /** A level that is no lower goes to the call at once; a lower one waits for a second person. */
  async function say(level: RiskLevel, reason: string): Promise<boolean> {
    const done = await console.act({ type: 'risk', call: call(), level, reason_text: reason });
    if (done) setTimeout(() => void load(), 400);
    return done;
  }
  async function fill(form: string, answers: FormAnswers): Promise<ScaleFilled | null> {
    const filled = await doing(riskApi.scale(call(), form, forms.value?.version ?? 1, answers));
    if (filled !== null) void load();
    return filled;
  }
  async function measure(moment: RiskMoment, values: readonly (number | null)[]): Promise<boolean> {
    const [hope = null, distress = null, intent = null] = values;
    const kept = await doing(riskApi.measure(call(), moment, hope, distress, intent));
    if (kept !== null && risk.value) risk.value = { ...risk.value, measures: [...risk.value.measures, kept] };
    return kept !== null;
  }
  return { risk, forms, load, asked, say, fill, measure };
}
