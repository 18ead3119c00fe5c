/** A real browser for tests: Debian's Chromium, without a window. What goes wrong in a page is kept. */

import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Null: there is none on this machine, and those tests don't run. */
export const CHROMIUM = PLACES.find((path) => existsSync(path)) ?? null;

export function startBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('there is no Chromium here');
  // Chromium's own sandbox is not to be had for root.
  return chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

export interface WatchedPage {
  readonly page: Page;
  /** Errors of the console and of scripts, answers that are refusals, requests to elsewhere. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** `origin`: the only place that may be asked. */
export async function openPage(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  // Sooner than a test gives up, so that it is said what was waited for.
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:' && asked !== origin) faults.push(`request to ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  return { page, faults, close: () => context.close() };
}
