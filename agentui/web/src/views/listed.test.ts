import { expect, it } from 'vitest';
import { listed } from './listed';

it('joins names as each language does', () => {
  expect(listed(['甲', '乙', '丙'], 'zh-CN')).toBe('甲、乙和丙');
  expect(listed(['Ann', 'Bo'], 'en')).toBe('Ann and Bo');
  expect(listed([], 'en')).toBe('');
});
