/** Ctrl-C and a terminal that closes reach all processes of a group; the runner alone decides what becomes of them. */

export function leaveSignalsToRunner(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
}
