// Telephones of the call tree, and detectors outside (docs/protocol.md, section 5). Only the pages of these load this.
import { count, list, type Read, record, text } from './shape';

export const telephone = record({ masked: text, set_at: count, by: text, by_name: text });

const row = {
  detector: text,
  name: text,
  made_at: count,
  by_name: text,
  revoked_at: count,
  revoked_by_name: text,
  used_at: count,
};
export const detector = record(row);
export const detectorList = record({ detectors: list(detector) });
export const detectorMade = record({ ...row, secret: text });

export type Telephone = Read<typeof telephone>;
export type Detector = Read<typeof detector>;
