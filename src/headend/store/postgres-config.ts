/** Where a PostgreSQL database is: `postgres://user:password@host:port/database`, or `postgres:` for what libpq's environment says (PGHOST and so on). */

import { Client, type ClientConfig } from 'pg';

/** Throws when the text is no such address. */
export function postgresConfig(url: string): ClientConfig {
  if (!/^postgres(?:ql)?:(?:\/\/.*)?$/.test(url)) throw new TypeError('an address of PostgreSQL is postgres://user@host:port/database, or postgres:');
  const place = url.includes('//') ? { connectionString: url } : {};
  const config = { ...place, application_name: 'meterstorm', keepAlive: true };
  // Parses the address.
  void new Client(config);
  return config;
}

/** For people, reports and records. */
export function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, '$1@').replace(/([?&])password=[^&]*&?/, '$1').replace(/[?&]$/, '');
}
