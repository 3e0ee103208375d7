/** A recording that is begun on the page and fetched from it, read by tshark: packets of its filter alone, and nothing that people sent. */
import { readFileSync } from 'node:fs'
import type { Download, Page } from 'playwright-core'
import { openPage } from '../../browser/browser.ts'
import { run } from '../../lab/command.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { startPace } from '../../lab/pace.ts'
import type { Check, Line } from '../line.ts'
import { claim } from './check.ts'
import { desk, openScene, password, peer, type Scene, signIn } from './scene.ts'

const recordSeconds = 3
/** What is searched for in the file: the payload of each ping. */
const payload = 'c0ffee5eedbeef01'
const pingBytes = 1_000
const leastPackets = 10
/** Ethernet, IPv4 without options, ICMP echo. */
const headerBytes = 14 + 20 + 8
const downloadMs = 15_000

interface Packet {
  readonly protocol: string
  readonly bytes: number
  readonly keptBytes: number
}

export const capture: Line = {
  name: 'capture',
  title: 'a recording from the page, read by tshark: packets of its filter alone, payloads cut off',
  isQuickBeside: true,
  faults: {
    'no-filter': 'packets of others',
    'with-payloads': 'payload',
    silence: 'packets of the filter',
  },
  measure: async ({ fault }) => {
    await using scene = await openScene()
    const { page } = await openPage(scene.browser, 'desktop', 'light')
    await signIn(page, scene.url, 'admin')
    await using _ = await startTraffic(scene, fault === 'silence')
    await page.goto(`${scene.url}#/diagnostics/capture`)
    await fillIn(page, scene, fault)
    const file = await recorded(page)
    return checksOf(await packetsOf(await file.path()), readFileSync(await file.path()), file)
  },
}

/** Pings, which are recorded, and what is not: a stream between the same hosts. */
async function startTraffic({ lab }: Scene, isSilent: boolean): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const to = hostAddress(lab, peer)
  const argv = ['ping', '-n', '-i', '0.1', '-s', String(pingBytes), '-p', payload, to]
  if (!isSilent) stack.use(lab.spawn(desk, argv))
  stack.use(await startPace(lab, desk, `${peer}-host`, to, { ratePps: 200, bytes: 400 }))
  return stack.move()
}

async function fillIn(page: Page, { lab }: Scene, fault: string | undefined): Promise<void> {
  await page.getByLabel('Where').selectOption('lan lan0')
  await page.getByLabel('Seconds').fill(String(recordSeconds))
  if (fault !== 'no-filter') {
    await page.getByLabel('of this host').fill(hostAddress(lab, peer))
    await page.getByLabel('of this protocol').selectOption('icmp')
  }
  if (fault === 'with-payloads') await page.getByLabel('With payloads').check()
}

async function recorded(page: Page): Promise<Download> {
  await page.getByRole('button', { name: 'Record' }).click()
  const ask = page.getByRole('dialog').getByLabel('Password')
  const fetch = page.getByRole('button', { name: 'Download' })
  await ask.or(fetch).first().waitFor({ timeout: downloadMs })
  if (await ask.isVisible()) {
    await ask.fill(password)
    await page.keyboard.press('Enter')
    await fetch.waitFor({ timeout: downloadMs })
  }
  const download = page.waitForEvent('download', { timeout: downloadMs })
  await fetch.click()
  return download
}

async function packetsOf(file: string): Promise<Packet[]> {
  const fields = ['_ws.col.Protocol', 'frame.len', 'frame.cap_len'].flatMap((name) => ['-e', name])
  const said = await run(['tshark', '-n', '-r', file, '-T', 'fields', ...fields])
  return said
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [protocol = '', bytes, keptBytes] = line.split('\t')
      return { protocol, bytes: Number(bytes), keptBytes: Number(keptBytes) }
    })
}

function checksOf(packets: readonly Packet[], bytes: Buffer, file: Download): Check[] {
  const others = packets.filter(({ protocol }) => protocol !== 'ICMP')
  const own = packets.length - others.length
  const most = Math.max(0, ...packets.map(({ keptBytes }) => keptBytes))
  const longest = Math.max(0, ...packets.map((packet) => packet.bytes))
  const isInside = bytes.includes(Buffer.from(payload, 'hex'))
  return [
    claim(
      'packets of the filter',
      own >= leastPackets,
      `${own} pings, as tshark reads ${file.suggestedFilename()}`,
      `≥ ${leastPackets}`,
    ),
    claim('packets of others', others.length === 0, `${others.length}`, '0'),
    claim(
      'payload in the file',
      !isInside && most <= headerBytes,
      `${isInside ? 'found' : 'none'}; ${most} bytes kept of packets of ${longest}`,
      `none, ≤ ${headerBytes} bytes of a packet`,
    ),
  ]
}
