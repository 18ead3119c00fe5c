/** Names of the consumption patterns and areas that ship with the package; the topology room holds what they stand for. */

export const BUNDLED_PATTERNS = [
  'vdew-h0',
  'vdew-g0',
  'vdew-g1',
  'vdew-g2',
  'vdew-g3',
  'vdew-g4',
  'vdew-g5',
  'vdew-g6',
  'vdew-l0',
  'vdew-l1',
  'vdew-l2',
  'bdew-h25',
  'bdew-g25',
  'bdew-l25',
  'bdew-p25',
  'bdew-s25',
  'boiler',
  'heating',
  'heat-pump',
  'ev',
  'ev-night',
  'flat',
  'street-lighting',
] as const;

export type BundledPattern = (typeof BUNDLED_PATTERNS)[number];

export const BUNDLED_AREAS = ['cez'] as const;

export type BundledArea = (typeof BUNDLED_AREAS)[number];
