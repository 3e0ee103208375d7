/** Chromium, as Debian packages it, for tests of pages and for screenshots. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

export const widths = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 390, height: 844 },
} as const
export type Width = keyof typeof widths
export const colourSchemes = ['light', 'dark'] as const
export type ColourScheme = (typeof colourSchemes)[number]

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
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
