/** Chromium, as Debian packages it, for tests of pages and for screenshots; where wanted, in the network namespace of a lab's host. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

export const widths = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 390, height: 844 },
} as const
export type Width = keyof typeof widths
export const colourSchemes = ['light', 'dark'] as const
export type ColourScheme = (typeof colourSchemes)[number]

const program = '/usr/bin/chromium'

/** @param netns the named network namespace that it is in; without it, ours @param more arguments of its own */
export async function openBrowser(netns?: string, more: readonly string[] = []): Promise<Browser> {
  const args = ['--no-sandbox', ...more]
  if (netns === undefined) return chromium.launch({ executablePath: program, args })
  const folder = mkdtempSync(join(tmpdir(), 'causeway-browser-'))
  const executablePath = join(folder, 'chromium')
  const script = `#!/bin/sh\nexec nsenter --net=/run/netns/${netns} -- ${program} "$@"\n`
  writeFileSync(executablePath, script, { mode: 0o755 })
  // Signals are for the lab, which ends in order.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }
  try {
    return await chromium.launch({ executablePath, args, ...signals })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface OpenedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page complained of: errors, and what its content policy kept out. */
  readonly complaints: string[]
}

export async function openPage(
  browser: Browser,
  width: Width,
  colorScheme: ColourScheme,
): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: widths[width],
    colorScheme,
    isMobile: width === 'phone',
    hasTouch: width === 'phone',
    deviceScaleFactor: width === 'phone' ? 2 : 1,
    ignoreHTTPSErrors: true,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  return { page, context, complaints }
}
