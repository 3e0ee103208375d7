/**
 * What the console of an appliance shows: what a person who stands before the box must know, in plain ASCII of 80 columns. No
 * secrets but the codes that the box shows on purpose. Pure.
 */
import type { ImageFacts } from '../host/appliance/facts.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { EnrolmentAnswer } from '../model/enrolment.ts'
import type { Status } from '../model/local-api.ts'
import type { SessionState } from '../model/local-api-access.ts'
import type { RecoveryPort } from '../model/machine-nic.ts'
import { interfaceOf } from '../model/nic.ts'
import { lanApiAddresses } from '../plan/lan-api.ts'

export interface ConsoleFacts {
  readonly image: ImageFacts
  /** Null: the gateway does not answer. */
  readonly status: Status | null
  readonly config: DeviceConfig | null
  readonly enrolment: EnrolmentAnswer | null
  readonly session: SessionState | null
  readonly recovery: RecoveryPort | null
  /** Asked for on this console, and still good. */
  readonly setupCode: string | null
}

const columns = 79
const labelColumns = 10
/** More than this nobody reads from a screen of 24 lines. */
const mostEach = 4
const rule = '-'.repeat(columns)

/** Lines without their ends. */
export function consoleText(facts: ConsoleFacts): string[] {
  return [
    headLine(facts),
    rule,
    ...row('State', [facts.status?.health ?? 'the gateway does not answer yet: it starts']),
    ...row('Uplinks', uplinkLines(facts)),
    ...row('LANs', lanLines(facts)),
    ...row('Recovery', recoveryLines(facts)),
    ...row('Owner', ownerLines(facts)),
    ...row('Claim', claimLines(facts)),
    ...row('Set-up', setupLines(facts)),
    ...row('Problems', facts.status?.problems.slice(1) ?? []),
    ...row('Note', facts.image.dataNote === null ? [] : [facts.image.dataNote]),
    rule,
    helpLine(facts),
  ].map(ascii)
}

function headLine({ image, status }: ConsoleFacts): string {
  const { version, slot } = image
  const site = status?.site ?? null
  return [
    `Causeway ${version ?? status?.version ?? ''}`.trimEnd(),
    ...(site === null || site === 'blank' ? [] : [`site ${site}`]),
    ...(slot === null ? [] : [`slot ${slot}`]),
  ].join(' - ')
}

function uplinkLines({ status }: ConsoleFacts): string[] {
  return (status?.uplinks ?? []).map(({ name, nic, address, isUp }) => {
    const state = isUp === null ? 'unknown' : isUp ? 'up' : 'no carrier'
    const addresses = address.length === 0 ? 'no address' : address.join(', ')
    return `${name} (${interfaceOf(nic)}): ${state}, ${addresses}`
  })
}

function lanLines({ config }: ConsoleFacts): string[] {
  const open = new Set(lanApiAddresses(config))
  return (config?.lans ?? []).map(({ name, nic, address }) => {
    const pages = address.map(plain).filter((one) => open.has(one))
    const page = pages.length === 0 ? '' : ` - page: ${pageOf(pages[0]!)}`
    return `${name} (${interfaceOf(nic)}): ${address.join(', ')}${page}`
  })
}

function recoveryLines({ recovery }: ConsoleFacts): string[] {
  if (recovery === null) return []
  const { nic, address } = recovery
  return [`${nic}: ${address} - page: ${pageOf(plain(address))}`]
}

function plain(address: string): string {
  return address.split('/')[0]!
}

function pageOf(address: string): string {
  return `https://${address.includes(':') ? `[${address}]` : address}/`
}

function ownerLines({ enrolment }: ConsoleFacts): string[] {
  if (enrolment === null) return []
  const { state, serial, controllers, isLinked } = enrolment
  const at = controllers.join(', ')
  const owner = {
    alone: 'none: runs by its own configuration',
    looking: at === '' ? 'none yet, and no controller is known' : `none yet; asks ${at}`,
    waiting: 'none yet: waits to be claimed',
    owned: `yes, link ${isLinked ? 'up' : 'down'} (${at})`,
  }[state]
  return [`${owner} - serial ${serial}`]
}

function claimLines({ enrolment }: ConsoleFacts): string[] {
  return (enrolment?.offers ?? []).map(({ code, controller, isConfirmed }) =>
    isConfirmed ? `${code} for ${controller}, confirmed here` : `${code} for ${controller}`,
  )
}

function setupLines({ session, setupCode }: ConsoleFacts): string[] {
  if (session?.isFirst !== true) return []
  if (!session.needsSetupCode) return ['nobody has set a password yet: do so on the page']
  return [
    setupCode === null
      ? 'the first password needs a code: type code to see it'
      : `${setupCode} - for the first password on the page, for some minutes`,
  ]
}

function helpLine({ session }: ConsoleFacts): string {
  const code = session?.needsSetupCode === true ? '  code' : ''
  return `Enter: look again  restart: start anew  reset: make it blank, for good${code}`
}

/** A label, and as many lines as there is to say; long ones go on below. */
function row(label: string, texts: readonly string[]): string[] {
  const shown = texts.slice(0, mostEach).flatMap((text) => folded(text, columns - labelColumns))
  const more = texts.length - mostEach
  if (more > 0) shown.push(`... and ${more} more`)
  return shown.map((text, at) => `${(at === 0 ? label : '').padEnd(labelColumns)}${text}`)
}

function folded(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `  ${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => one.slice(0, width))
}

const spelt: Readonly<Record<string, string>> = { '’': "'", '…': '...', '–': '-', '—': '-' }

/** A serial line knows nothing else; what others wrote is no order to the terminal. */
function ascii(text: string): string {
  return text.replaceAll(/[’…–—]/g, (one) => spelt[one]!).replaceAll(/[^ -~]/g, '?')
}
