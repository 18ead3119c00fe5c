#!/usr/bin/env node
/** The command line: flags, help, exit codes. What the commands do lives in `run`. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { UnreachableError, UserError } from '../run/errors.ts';
import { version } from '../run/compose-report.ts';
import { auditCommand } from './audit-command.ts';
import { capacityCommand } from './capacity-command.ts';
import { compareCommand } from './compare-command.ts';
import { dashboardCommand } from './dashboard-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { exportCommand } from './export-command.ts';
import { headendCommand } from './headend-command.ts';
import { indicatorsCommand } from './indicators-command.ts';
import { linkCommand } from './link-command.ts';
import { reportCommand } from './report-command.ts';
import { runCommand } from './run-command.ts';
import { seriesCommand } from './series-command.ts';
import { simulateCommand } from './simulate-command.ts';

const EXIT_FAILED = 1;
const EXIT_WRONG_INPUT = 2;
const EXIT_UNREACHABLE = 3;

function program(): Command {
  const root = new Command('meterstorm')
    .description('Simulates a grid of smart meters against a head-end system and checks every single reading.')
    .version(version(), '-V, --version')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .addHelpText('after', EXAMPLES);

  root
    .command('run')
    .description('play a scenario against a head-end, audit what it stored, write the report')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--steps <n>', 'length in steps; --set goes before it')
    .option('--stations <n>', 'so many stations, and meters to the same share; --set goes before it')
    .option('--speed <speed>', '`max` or how many times faster than real time')
    .option('--drain <duration>', 'at a speed: how long after the last step the head-end may still confirm and store (default: two intervals, 10 s to 60 s at least)')
    .option('-o, --out <dir>', 'directory for report, store and buffer (default: runs/<name>-<time>)')
    .option('--json', 'print report.json alone to stdout', false)
    .option('--headend <which>', '`builtin`, or the IPv4 address and port of yours', 'builtin')
    .option('--unconfirmed', 'that head-end does not confirm pushes (last_confirmation_date_time)', false)
    .option('--audit-sql <url>', AUDIT_SQL)
    .option('--audit-query <sql>', AUDIT_QUERY)
    .option('--audit-csv <file>', AUDIT_CSV)
    .option('--audit-columns <mapping>', AUDIT_COLUMNS)
    .option('--audit-wait <duration>', 'wait for its rows until none comes for so long (default: 10 s)')
    .option('--store <store>', 'of the built-in head-end: `duckdb`, or `postgres://user@host:port/database`', 'duckdb')
    .addOption(new Option('--intake <kind>', 'of the built-in head-end; direct: each message is a transaction').choices(['buffered', 'direct']).default('buffered'))
    .option('--schema <name>', 'PostgreSQL: new schema for the readings (default: meterstorm_<scenario>_<time>)')
    .option('--drop-schema', 'PostgreSQL: remove the schema after the audit', false)
    .option('--connections <n>', 'PostgreSQL: connections of each direct intake (default: 8)', count)
    .option('--simulators <n>', 'simulator processes (default: what the machine needs)', count)
    .option('--intakes <n>', 'intake processes (default: what the machine needs)', count)
    .option('--watch <name=what>', 'also count what others take: NAME=pid:N (and its children), NAME=cgroup:/PATH, or host; may be repeated', collect, [])
    .option('--monitor <file>', 'watch what this file (YAML) names beside the run itself: servers, databases, logs')
    .option('--no-monitor', 'gather no values and events (monitor.duckdb in the directory)')
    .option('--serve [address:port]', 'show the run in a browser while it goes on (default: 127.0.0.1:8080)')
    .option('--junit <file>', 'also write the result as a JUnit file')
    .option('--summary <file>', 'also append a summary in Markdown (default: $GITHUB_STEP_SUMMARY, where it is set)')
    .action(runCommand);

  root
    .command('capacity')
    .description('the largest grid that a head-end holds, what is full first, and what so many meters need')
    .argument('<scenario>', 'scenario file (YAML); trials are parts of its grid, played faster')
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--stations <n>', 'so many stations, and meters to the same share; --set goes before it')
    .option('--for <meters>', 'what so many meters need, such as 250k or 3.5M', '3.5M')
    .option('--budget <duration>', 'time for all trials', '3 min')
    .option('--window <duration>', 'a trial is measured over so much time, and up to twice as long; longer than a head-end’s own batches', '5 s')
    .option('--precision <share>', 'half width of the interval at which it ends', '5%')
    .option('-o, --out <dir>', 'directory for the report (default: runs/capacity-<name>-<time>)')
    .option('--json', 'print capacity.json alone to stdout', false)
    .option('--headend <which>', '`builtin`, or the IPv4 address and port of yours', 'builtin')
    .option('--unconfirmed', 'that head-end does not confirm pushes (last_confirmation_date_time)', false)
    .option('--watch <name=what>', 'also count what others take: NAME=pid:N (and its children) or NAME=cgroup:/PATH; may be repeated', collect, [])
    .option('--store <store>', 'of the built-in head-end: `duckdb`, or `postgres://user@host:port/database`', 'duckdb')
    .addOption(new Option('--intake <kind>', 'of the built-in head-end; direct: each message is a transaction').choices(['buffered', 'direct']).default('buffered'))
    .option('--connections <n>', 'PostgreSQL: connections of each direct intake (default: 8)', count)
    .option('--simulators <n>', 'simulator processes (default: what the machine needs)', count)
    .option('--intakes <n>', 'intake processes (default: what the machine needs)', count)
    .action(capacityCommand);

  root
    .command('compare')
    .description('play a scenario against several alternatives of a data centre, one after another, and put them side by side')
    .argument('[scenario]', 'scenario file (YAML)')
    .option('--alternatives <file>', 'what is compared (YAML; see docs/compare.md)')
    .option('-o, --out <dir>', 'directory for the comparison, with one for each run in it')
    .option('--repeat <n>', 'runs of each alternative; medians are compared', count, 1)
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--steps <n>', 'length in steps; --set goes before it')
    .option('--stations <n>', 'so many stations, and meters to the same share; --set goes before it')
    .option('--speed <speed>', '`max` or how many times faster than real time')
    .option('--drain <duration>', 'at a speed: how long after the last step a head-end may still confirm and store')
    .option('--json', 'print compare.json alone to stdout', false)
    .option('--report <dir>', 'instead of a scenario: write and print a comparison again')
    .action(compareCommand);

  root
    .command('simulate')
    .description('play a scenario against any head-end; what it stored can be audited later')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--target <host:port>', 'push: where the head-end listens; several are shared out evenly', collect)
    .option('--listen <address:port>', 'pull: address of the first concentrator, and the port of all (default: 127.64.0.1:4059)')
    .option('--keys <file>', 'pull: master key of an installation with security')
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--steps <n>', 'length in steps; --set goes before it')
    .option('--stations <n>', 'so many stations, and meters to the same share; --set goes before it')
    .option('--speed <speed>', '`max` or how many times faster than real time')
    .option('-o, --out <dir>', 'directory for a record of it and a report: what `meterstorm audit` needs')
    .option('--segment <i/n>', 'play only segment i of n (0/1 is the whole grid)', '0/1')
    .option('--unconfirmed', 'the head-end does not confirm pushes (last_confirmation_date_time)', false)
    .option('--json', 'print the counters as JSON to stdout', false)
    .option('--simulators <n>', 'simulator processes', count)
    .action(simulateCommand);

  root
    .command('headend')
    .description('the reference data centre alone, until SIGTERM or Ctrl-C')
    .option('--listen <addr:port>', 'address and first port; intake i listens on port + i', '127.0.0.1:4059')
    .option('-o, --out <dir>', 'directory for store and buffer; started again there it goes on', 'headend-data')
    .option('--store <store>', 'where readings go: `duckdb`, or `postgres://user@host:port/database`', 'duckdb')
    .addOption(new Option('--intake <kind>', 'how readings get there; direct: each message is a transaction').choices(['buffered', 'direct']).default('buffered'))
    .option('--schema <name>', 'PostgreSQL: schema of the readings; found again there it goes on (default: meterstorm)')
    .option('--connections <n>', 'PostgreSQL: connections of each direct intake (default: 8)', count)
    .option('--intakes <n>', 'intake processes', count, 1)
    .option('--interval <duration>', 'capture period of the meters', '15 min')
    .action(headendCommand);

  root
    .command('export')
    .description('write the grid, the plan, the true readings or the inventory of a scenario as CSV or Parquet')
    .argument('<scenario>', 'scenario file (YAML)')
    .argument('<what>', '`grid`, `plan`, `readings`, or `devices`: addresses, names and keys for a head-end that pulls')
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--steps <n>', 'length in steps; --set goes before it')
    .option('--stations <n>', 'so many stations, and meters to the same share; --set goes before it')
    .addOption(new Option('--format <format>', 'file format').choices(['csv', 'parquet']).default('csv'))
    .requiredOption('-o, --out <dir>', 'directory for the files')
    .option('--listen <address:port>', 'devices: address of the first concentrator, and the port of all (default: 127.64.0.1:4059)')
    .option('--keys <file>', 'devices, with security: master key of the installation; a new one without it')
    .action(exportCommand);

  root
    .command('link')
    .description('print the lines of a scenario, or a script that makes the kernel of this machine play them')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--tc', 'a shell script with tc netem and nft, for root; see docs/links-tc.md', false)
    .option('-o, --out <file>', 'with --tc: write the script there (default: to stdout)')
    .option('--first-address <address>', 'with --tc: address of the first concentrator (default: 127.64.0.1)')
    .addOption(new Option('--limiter <limiter>', 'with --tc: what counts packets (default: nft)').choices(['nft', 'hashlimit']))
    .action(linkCommand);

  root
    .command('doctor')
    .description('say what on this machine would spoil a run, and the command that mends it; changes nothing')
    .argument('[scenario]', 'scenario file (YAML; default: the small grid)')
    .option('-s, --set <path=value>', 'change a value of the scenario; may be repeated', collect, [])
    .option('--steps <n>', 'length in steps; --set goes before it')
    .option('--stations <n>', 'so many stations, and meters to the same share; --set goes before it')
    .option('--headend <which>', '`builtin`, or the IPv4 address and port of yours', 'builtin')
    .option('-o, --out <dir>', 'directory that the run will write to', 'runs')
    .option('--json', 'print the findings as JSON', false)
    .action(doctorCommand);

  root
    .command('report')
    .description('write the report of a finished run again, and print its summary')
    .argument('<dir>', 'directory of the run')
    .option('--junit <file>', 'also write the result as a JUnit file')
    .option('--summary <file>', 'also append a summary in Markdown')
    .action(reportCommand);

  root
    .command('dashboard')
    .description('show finished runs in a browser, until Ctrl-C')
    .argument('<dir...>', 'directories of runs; several can be compared')
    .option('-p, --port <port>', 'where to listen; 0: any free port', '8080')
    .option('--host <address>', 'address to listen at; any but loopback wants the token that is printed', '127.0.0.1')
    .option('--token', 'want the token also on loopback', false)
    .action(dashboardCommand);

  root
    .command('series')
    .description('write all series of a finished run, and what was monitored, as CSV or Parquet')
    .argument('<dir>', 'directory of the run')
    .addOption(new Option('--format <format>', 'file format').choices(['csv', 'parquet']).default('csv'))
    .requiredOption('-o, --out <dir>', 'directory for the files')
    .action(seriesCommand);

  root
    .command('audit')
    .description('audit the store of a finished run again, as it is now, or what your head-end has of it')
    .argument('<dir>', 'directory of the run')
    .option('--audit-sql <url>', AUDIT_SQL)
    .option('--audit-query <sql>', AUDIT_QUERY)
    .option('--audit-csv <file>', AUDIT_CSV)
    .option('--audit-columns <mapping>', AUDIT_COLUMNS)
    .option('--json', 'print report.json alone to stdout', false)
    .option('--junit <file>', 'also write the result as a JUnit file')
    .option('--summary <file>', 'also append a summary in Markdown (default: $GITHUB_STEP_SUMMARY, where it is set)')
    .action(auditCommand);

  root
    .command('indicators')
    .description('list the numbers that a threshold can name; with a finished run, their values in it')
    .argument('[dir]', 'directory of the run')
    .option('--json', 'print them as JSON', false)
    .action(indicatorsCommand);

  for (const command of root.commands) command.exitOverride().configureOutput(root.configureOutput());
  return root;
}

const AUDIT_SQL = 'PostgreSQL database in which your head-end keeps readings (postgres://...)';
const AUDIT_QUERY = 'query that gives them all';
const AUDIT_CSV = 'or a CSV file with them; gzip is understood';
const AUDIT_COLUMNS = 'which column says what, such as meter=serial,channel=obis,time=ts,value:kWh=energy; see docs/third-party.md';

const EXAMPLES = `
Examples:
  meterstorm run scenarios/small-grid.yaml
  meterstorm run scenarios/small-grid.yaml --steps 96 --stations 143
  meterstorm run scenarios/small-grid.yaml --speed 96 --json > report.json
  meterstorm run scenarios/small-grid.yaml --speed 96 --serve
  meterstorm run scenarios/small-grid.yaml --speed 96 --monitor scenarios/monitor.yaml
  meterstorm dashboard runs/first runs/second
  meterstorm run scenarios/small-grid.yaml --headend 10.0.0.5:4059 --audit-sql postgres://me@db/hes --audit-query 'SELECT * FROM readings'
  meterstorm compare scenarios/small-grid.yaml --alternatives scenarios/alternatives.yaml --out compared
  meterstorm headend --listen 127.0.0.1:4059 --out data
  meterstorm simulate scenarios/small-grid.yaml --target 127.0.0.1:4059
  meterstorm simulate scenarios/small-grid.yaml --set behaviour.communication=pull --speed 1
  meterstorm run scenarios/ci.yaml --junit run.xml
  meterstorm capacity scenarios/small-grid.yaml --for 3.5M
  meterstorm doctor scenarios/large-grid.yaml
  meterstorm link scenarios/small-grid.yaml --tc --out links.sh

Exit codes: 0 all held, or the readings of your head-end could not be looked at; 1 the audit or a threshold failed, or doctor found something bad; 2 wrong input; 3 the head-end could not be reached;
130 interrupted, with a partial report.`;

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) {
    throw new InvalidArgumentError('It is a whole number from 1 to 1000.');
  }
  return value;
}

function oneLine(text: string): string {
  return `meterstorm: ${text.replace(/^error: /, '').trim().split('\n').join(' ')}\n`;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_WRONG_INPUT;
  if (error instanceof UserError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT_WRONG_INPUT;
  }
  if (error instanceof UnreachableError) {
    process.stderr.write(`meterstorm: ${error.message}\n`);
    return EXIT_UNREACHABLE;
  }
  if (isSystemError(error)) {
    process.stderr.write(`meterstorm: ${error.message}\n`);
    return EXIT_FAILED;
  }
  process.stderr.write(`meterstorm: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}

/** What the system refused, such as a write to a full disk: no fault of the program, so its stack says nothing. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

// A reader that goes away early (`| head`) is no failure, and changes none.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : exitCodeOf(error));
});
// Progress that nobody reads any more is no reason to end a run.
process.stderr.on('error', () => {});

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
