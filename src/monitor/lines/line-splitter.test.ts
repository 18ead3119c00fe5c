import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const TEXT = Buffer.from('one\r\n\nzwei €\nthe rest');

test('lines are the same, however the bytes arrive', () => {
  const whole = new LineSplitter(100).push(TEXT);
  expect(whole).toEqual([
    { text: 'one', from: 100, to: 105 },
    { text: '', from: 105, to: 106 },
    { text: 'zwei €', from: 106, to: 115 },
  ]);
  for (let size = 1; size < TEXT.length; size++) {
    const splitter = new LineSplitter(100);
    const lines = [];
    for (let from = 0; from < TEXT.length; from += size) lines.push(...splitter.push(TEXT.subarray(from, from + size)));
    expect(lines).toEqual(whole);
    expect(splitter.at).toBe(115);
    expect(splitter.rest()).toEqual({ text: 'the rest', from: 115, to: 123 });
    expect(splitter.rest()).toBeNull();
    expect(splitter.at).toBe(123);
  }
});

test('of a long line the rest is dropped, its length counts', () => {
  const splitter = new LineSplitter(0, 10);
  expect(splitter.push(Buffer.from('0123456789abc'))).toEqual([]);
  expect(splitter.push(Buffer.from('def\r'))).toEqual([]);
  expect(splitter.push(Buffer.from('\n0123456789\r\nx\n'))).toEqual([
    { text: '0123456789', from: 0, to: 18 },
    { text: '0123456789', from: 18, to: 30 },
    { text: 'x', from: 30, to: 32 },
  ]);
});

test('what is given is not kept', () => {
  const splitter = new LineSplitter();
  const bytes = Buffer.from('ab');
  splitter.push(bytes);
  bytes.fill(0);
  expect(splitter.push(Buffer.from('c\n'))[0]?.text).toBe('abc');
});
