// The risk of a call (docs/protocol.md, section 5).
import { oneOf, type Read } from './shape';

/** Rising. Which colours stand for them is the palette of the settings. */
export const riskLevels = ['none', 'low', 'moderate', 'high'] as const;
export const riskLevel = oneOf(...riskLevels);
export type RiskLevel = Read<typeof riskLevel>;
