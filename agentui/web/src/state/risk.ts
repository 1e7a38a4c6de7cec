// Levels of danger: their order, and what saying one does. Pure.
import { type RiskLevel, riskLevels } from '../protocol/risk';

/** 0 nobody said one, 1 none … 4 high. */
export function rankOf(level: RiskLevel | ''): number {
  return level === '' ? 0 : riskLevels.indexOf(level) + 1;
}

/** The level that a call has to be treated by: who is red is at high risk until two people say otherwise. */
export function inForce(call: { level: RiskLevel | ''; tier: string; danger: boolean }): RiskLevel | '' {
  return call.danger || call.tier === 'red' ? 'high' : call.level;
}

/** A lower level takes a reason and a second person. */
export function lowers(now: RiskLevel | '', to: RiskLevel): boolean {
  return rankOf(to) < rankOf(now);
}

/** What a key does in the panel: 1 to 4 say a level, 7 to 9 answer whether suicide was asked about. */
export function keyOf(
  code: string,
): { level: RiskLevel } | { answer: 'denied' | 'present' | 'not_possible' } | null {
  const digit = Number(/^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1] ?? 0);
  const level = riskLevels[digit - 1];
  if (level) return { level };
  const answer = (['denied', 'present', 'not_possible'] as const)[digit - 7];
  return answer ? { answer } : null;
}
