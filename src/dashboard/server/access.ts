/**
 * Who may ask. On loopback anybody on this machine may, unless a token is wanted; elsewhere a token is always wanted.
 *
 * A page of another site could make a browser ask a server on loopback under a name of its own (DNS rebinding); so a request
 * must name this server by an address or by the machine's name. What comes from another site's page is refused as well.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

const TOKEN_BYTES = 24;

/** 192 random bits, as text that survives an address bar. */
export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Of a request's headers. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

export class Access {
  readonly #token: string | null;
  readonly #machineName: string;
  readonly #loopback: boolean;

  /** `token`: null, and then `host` is on loopback. */
  constructor(options: { readonly token: string | null; readonly host: string; readonly machineName: string }) {
    this.#token = options.token;
    this.#machineName = options.machineName.toLowerCase();
    this.#loopback = isLoopback(options.host);
  }

  get needsToken(): boolean {
    return this.#token !== null;
  }

  /** Whether the name in `Host` is one of this server. */
  isOurName(host: string | undefined): boolean {
    const name = nameOf(host);
    if (name === null) return false;
    if (name === 'localhost') return true;
    if (this.#loopback) return isLoopback(name);
    return isIP(name) !== 0 || name === this.#machineName || name.startsWith(`${this.#machineName}.`);
  }

  isToken(text: string): boolean {
    return this.#token === null || same(text, this.#token);
  }

  /** By `Authorization: Bearer` or by the cookie that `?token=` was exchanged for. */
  isKnown(asked: Credentials, cookieName: string): boolean {
    if (this.#token === null) return true;
    const bearer = /^Bearer +(\S+)$/i.exec(asked.authorization ?? '')?.[1];
    if (bearer !== undefined) return this.isToken(bearer);
    const cookie = cookieOf(asked.cookie ?? '', cookieName);
    return cookie !== null && this.isToken(cookie);
  }
}

/** Host without port, in lower case; null: malformed. */
function nameOf(host: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (match?.[1] ?? match?.[2] ?? null)?.toLowerCase() ?? null;
}

function cookieOf(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

/** In constant time, whatever the lengths. */
function same(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
