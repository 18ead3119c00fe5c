import { describe, expect, test } from 'vitest';
import { parseExposition } from './exposition.ts';

/** The example of Prometheus' documentation of the format. */
const DOCUMENTED = String.raw`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`;

test('the documented example', () => {
  const { values, unreadableLines } = parseExposition(DOCUMENTED);
  expect(unreadableLines).toBe(0);
  expect(values.map(({ name, counts, value, timeMs }) => [name, counts, value, timeMs])).toEqual([
    ['http_requests_total{code="200",method="post"}', true, 1027, 1_395_066_363_000],
    ['http_requests_total{code="400",method="post"}', true, 3, 1_395_066_363_000],
    [String.raw`msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"",path="C:\\DIR\\FILE.TXT"}`, false, 1_458_255_915, null],
    ['metric_without_timestamp_and_labels', false, 12.47, null],
    ['something_weird{problem="division by zero"}', false, Infinity, -3_982_045],
    ['http_request_duration_seconds_bucket{le="0.05"}', true, 24_054, null],
    ['http_request_duration_seconds_bucket{le="+Inf"}', true, 144_320, null],
    ['http_request_duration_seconds_sum', true, 53_423, null],
    ['http_request_duration_seconds_count', true, 144_320, null],
    ['rpc_duration_seconds{quantile="0.01"}', false, 3102, null],
    ['rpc_duration_seconds_sum', true, 17_560_473, null],
    ['rpc_duration_seconds_count', true, 2693, null],
  ]);
});

describe('lines', () => {
  test.each([
    ['a 1', 'a', 1],
    ['a{} 1', 'a', 1],
    ['a{b="c",} 1', 'a{b="c"}', 1],
    ['a { b = "c" , d = "}" } 1', 'a{b="c",d="}"}', 1],
    ['\ta:b_c -Inf\r', 'a:b_c', -Infinity],
    ['a 1e-5', 'a', 1e-5],
    ['a .5', 'a', 0.5],
  ])('%j', (line, name, value) => expect(parseExposition(line).values).toMatchObject([{ name, value }]));

  test.each(['a', 'a b', 'a{b=c} 1', 'a{b="c" 1', 'a{b="c"d="e"} 1', '9a 1', 'a 1 2 3', 'a 1 x', `a 1 1${'0'.repeat(400)}`, '<html>', '{"a": 1}', 'a 0x10z'])('%j is unreadable', (line) => {
    expect(parseExposition(line)).toEqual({ values: [], unreadableLines: 1 });
  });

  test('of many blanks are soon read, whether they are one or none', () => {
    const blanks = ' '.repeat(200_000);
    const begun = performance.now();
    expect(parseExposition(`a${blanks}1 2\nb${blanks}1 2 3\nc${blanks}{}${blanks}1 2 3`)).toMatchObject({ values: [{ name: 'a', timeMs: 2 }], unreadableLines: 2 });
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test('without a type count up when their name says so', () => {
    const counts = (text: string): readonly boolean[] => parseExposition(text).values.map((value) => value.counts);
    expect(counts('a_total 1\na_count 1\n# TYPE b_total gauge\nb_total 1\n# TYPE c untyped\nc 1')).toEqual([true, false, false, false]);
    expect(counts('# TYPE d gauge\nd_bucket 1\nd_sum 1')).toEqual([false, false]);
  });
});
