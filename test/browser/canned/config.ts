/**
 * Canned answers about the configuration, LANs, NICs and denials. The configuration is a real one: it is checked, tried, kept and
 * taken back as the box would, with the firmware's own parts where they touch no machine.
 */

import { checkAnswer } from '../../../firmware/gateway/check-answer.ts'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { renderConfig } from '../../../firmware/host/config/render.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { CausewayError, errorTable } from '../../../firmware/model/errors.ts'
import type {
  ApplyRequest,
  CheckAnswer,
  CheckRequest,
  ConfigAnswer,
  HistoryEntry,
} from '../../../firmware/model/local-api-config.ts'
import type { DenialsAnswer } from '../../../firmware/model/local-api-denial.ts'
import type { LansAnswer, NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { sampleWireKey } from '../../unit/model/sample-config.ts'
import type { Canned, CannedBox } from './canned.ts'
import { CannedError } from './canned.ts'

const config: DeviceConfig = {
  version: 1,
  revision: 42,
  site: 'berlin',
  tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11',
  overlay: { port: 51820 },
  uplinks: [
    { name: 'wan0', nic: 'netdev:enp1s0', address: 'dhcp', up: '40M', down: '250M' },
    { name: 'wan1', nic: 'netdev:enp4s0', address: 'dhcp', up: '20M', down: '100M' },
    { name: 'lte0', nic: 'netdev:wwan0', address: 'dhcp', metered: true, backup: true },
  ],
  segments: [
    { name: 'office', vni: 100, breakout: true, admin: true },
    { name: 'cameras', vni: 200, limit: { up: '4M', down: '20M' } },
    { name: 'guests', vni: 300, breakout: true },
  ],
  lans: [
    {
      name: 'lan0',
      nic: 'netdev:enp2s0',
      segment: 'office',
      address: ['10.1.0.1/24', 'fd00:1::1/64'],
      dhcp: { from: '10.1.0.50', to: '10.1.0.99' },
    },
    { name: 'cams', nic: 'netdev:enp2s0', vlan: 20, segment: 'cameras', address: ['10.1.20.1/24'] },
  ],
  peers: [
    {
      name: 'frankfurt',
      wireKey: sampleWireKey(1),
      role: 'hub',
      endpoints: ['198.51.100.7:51820'],
      segments: { office: ['10.0.0.0/16'], cameras: ['10.9.0.0/16'] },
    },
    {
      name: 'lisbon',
      wireKey: sampleWireKey(2),
      endpoints: ['203.0.113.20:51820'],
      segments: { office: ['10.2.0.0/16'] },
    },
    {
      name: 'oslo',
      wireKey: sampleWireKey(3),
      endpoints: ['203.0.113.30:51820'],
      segments: { office: ['10.3.0.0/16', '10.4.0.0/16'] },
    },
  ],
  acl: [
    {
      name: 'watch-cameras',
      action: 'allow',
      from: { segment: 'office', prefix: '10.1.0.0/24' },
      to: { segment: 'cameras' },
      protocol: 'tcp',
      ports: [443, 554],
    },
    {
      name: 'no-telnet',
      action: 'deny',
      from: { segment: 'office' },
      to: { segment: 'office' },
      protocol: 'tcp',
      ports: [23],
    },
  ],
  applications: [
    { name: 'erp', to: ['10.0.9.0/24'], protocol: 'tcp', ports: [443, '8443-8450'] },
    { name: 'crm', names: ['crm.example.com', '*.crm.example.com'] },
  ],
  policies: [
    {
      name: 'calls',
      for: { applications: ['voice', 'teams', 'zoom'] },
      latencyMs: 150,
      jitterMs: 30,
      loss: 1,
      prefer: ['wan0', 'wan1'],
      class: 'voice',
    },
    { name: 'business', for: { applications: ['erp', 'crm'] }, use: 'all', class: 'business' },
    {
      name: 'updates',
      for: { applications: ['windows-update', 'apple-update'], segments: ['office'] },
      metered: 'never',
      class: 'bulk',
    },
  ],
  profiles: [{ name: 'calls-first', voice: 70, business: 60, normal: 30, bulk: 10 }],
  dns: { domain: 'berlin.example.com' },
  api: { lan: 'web' },
}

/** Of one fake box. */
interface Place {
  text: string
  readonly entries: HistoryEntry[]
  candidate: { readonly text: string; readonly endsAtMs: number } | null
  last: ConfigAnswer['lastChange']
}

const places = new WeakMap<CannedBox, Place>()

function placeOf(box: CannedBox): Place {
  const known = places.get(box)
  if (known !== undefined) return known
  const text = renderConfig(config, 'Written by hand; see CONFIG.md.').replace(
    'up: 40M',
    'up: 40M # as the provider says',
  )
  const before = text.replace('revision: 42', 'revision: 41').replace('vni: 300', 'vni: 310')
  const entries = [entryOf(42, 2, text, true), entryOf(41, 1, before, false)]
  const place: Place = { text, entries, candidate: null, last: null }
  places.set(box, place)
  const { status } = box
  // Its status tells of a change as the box's would.
  box.status = () => ({ ...status(), ...pendingOf(place) })
  return place
}

function entryOf(revision: number, number: number, text: string, isRunning: boolean): HistoryEntry {
  const savedAt = new Date(Date.UTC(2026, 10, 20 + number, 9, 30)).toISOString()
  const sha256 = String(revision).padStart(64, '0')
  return { number, revision, origin: 'apply', savedAt, sha256, isRunning, text }
}

function revisionOf(text: string): number {
  return Number(/revision: (\d+)/.exec(text)?.[1] ?? 0)
}

function pendingOf({ candidate, text }: Place) {
  if (candidate === null) return { revision: revisionOf(text), pendingChange: null }
  const revision = revisionOf(candidate.text)
  const remainingSeconds = Math.max(0, Math.ceil((candidate.endsAtMs - Date.now()) / 1000))
  return { revision, pendingChange: { revision, phase: 'waiting' as const, remainingSeconds } }
}

function shown(place: Place): ConfigAnswer {
  const text = place.candidate?.text ?? place.text
  const { revision, pendingChange } = pendingOf(place)
  return {
    ...{ source: place.candidate === null ? 'file' : 'candidate', revision, pendingChange, text },
    sha256: String(revision).padStart(64, '0'),
    nextRevision: Math.max(...place.entries.map((one) => one.revision)) + 1,
    lastChange: place.last,
    refusals: [],
  }
}

function checked(place: Place, { text }: CheckRequest): CheckAnswer {
  const read = (): DeviceConfig => {
    const { config: found, errors } = parseDeviceConfig(text)
    if (found !== null) return found
    throw new CausewayError(errors[0]!.code, errors[0]!.message, { errors })
  }
  const { nextRevision } = shown(place)
  return checkAnswer(read, { running: parseDeviceConfig(place.text).config, nextRevision })
}

function take(box: CannedBox, { text, confirmSeconds }: ApplyRequest): void {
  const place = placeOf(box)
  const [problem] = checked(place, { text }).problems
  if (problem !== undefined) {
    const code = problem.code as keyof typeof errorTable
    throw new CannedError(errorTable[code].http, code, problem.message)
  }
  const candidate = { text, endsAtMs: Date.now() + confirmSeconds * 1000 }
  place.candidate = candidate
  const revision = revisionOf(text)
  box.tell({ kind: 'change', revision, step: 'in-place', remainingSeconds: confirmSeconds })
  const late = setTimeout(() => {
    if (place.candidate === candidate) end(box, false, 'nobody confirmed it in time')
  }, confirmSeconds * 1000)
  late.unref()
}

function end(box: CannedBox, isKept: boolean, why = ''): void {
  const place = placeOf(box)
  const { candidate } = place
  if (candidate === null) throw new CannedError(409, 'CONFIG_NOT_PENDING', 'no change waits')
  const revision = revisionOf(candidate.text)
  place.candidate = null
  if (isKept) {
    place.text = candidate.text
    const older = place.entries.map((entry) => ({ ...entry, isRunning: false }))
    place.entries.splice(
      0,
      place.entries.length,
      entryOf(revision, older.length + 1, place.text, true),
      ...older,
    )
    box.tell({ kind: 'change', revision, step: 'confirmed' })
    return
  }
  const reason = { code: 'CONFIG_UNCONFIRMED', message: why } as const
  place.last = { revision, result: 'taken-back', reason }
  box.tell({ kind: 'change', revision, step: 'taken-back', reason })
}

const second = (box: CannedBox) => {
  const { revision, pendingChange } = shown(placeOf(box))
  return { revision, pendingChange }
}

const hosts = [
  'printer',
  'anna-laptop',
  null,
  'door-phone',
  'tv',
  'nas',
  'scanner',
  'ben-phone',
  'kiosk',
]

const lans: LansAnswer = {
  lans: [
    {
      ...{ name: 'lan0', nic: 'netdev:enp2s0', vlan: null, segment: 'office', isUp: true },
      address: ['10.1.0.1/24', 'fd00:1::1/64'],
      throughput: { rxBitsPerSecond: 8.2e6, txBitsPerSecond: 41.7e6 },
      range: { from: '10.1.0.50', to: '10.1.0.99', size: 50 },
      leases: hosts.map((hostName, index) => ({
        address: `10.1.0.${50 + index}`,
        mac: `3c:52:82:00:1f:${String(10 + index)}`,
        hostName,
        dnsName: hostName === null ? null : `${hostName}.berlin.example.com`,
        expiresInSeconds: 4000 * (index + 1),
      })),
    },
    {
      ...{ name: 'cams', nic: 'netdev:enp2s0', vlan: 20, segment: 'cameras', isUp: true },
      address: ['10.1.20.1/24'],
      throughput: { rxBitsPerSecond: 3.1e6, txBitsPerSecond: 0.2e6 },
      ...{ range: null, leases: [] },
    },
  ],
  dns: { domain: 'berlin.example.com', servers: ['192.0.2.53', '198.51.100.53'], isLent: true },
}

const nic = (
  name: string,
  more: Partial<NicsAnswer['nics'][number]>,
): NicsAnswer['nics'][number] => ({
  ...{ nic: `netdev:${name}`, isPresent: true, mac: '02:fc:00:00:00:01', mtuBytes: 1500 },
  ...{ hasCarrier: true, speedBitsPerSecond: 1e9, place: null, ports: [], ...more },
})

const nics: NicsAnswer = {
  nics: [
    nic('enp1s0', { place: '0000:01:00.0', ports: [{ kind: 'uplink', name: 'wan0', vlan: null }] }),
    nic('enp2s0', {
      place: '0000:02:00.0',
      speedBitsPerSecond: 2.5e9,
      ports: [
        { kind: 'lan', name: 'lan0', vlan: null },
        { kind: 'lan', name: 'cams', vlan: 20 },
      ],
    }),
    nic('enp3s0', { place: '0000:03:00.0', hasCarrier: null, speedBitsPerSecond: null }),
    nic('enp4s0', { place: '0000:04:00.0', ports: [{ kind: 'uplink', name: 'wan1', vlan: null }] }),
    nic('wwan0', {
      ...{
        speedBitsPerSecond: null,
        mac: null,
        mtuBytes: null,
        isPresent: false,
        hasCarrier: null,
      },
      ports: [{ kind: 'uplink', name: 'lte0', vlan: null }],
    }),
  ],
}

const denial = {
  ...{ peer: '', protocol: 6, sourcePort: 51_000, suppressed: 0, rule: '' },
  reason: 'acl',
  meaning: 'No rule lets it from one segment into another.',
}
const denials: DenialsAnswer = {
  denials: [
    {
      ...{ ...denial, ageSeconds: 4, source: '10.1.20.17', destination: '10.1.0.9' },
      ...{ segment: 'cameras', toSegment: 'office', destinationPort: 445 },
    },
    {
      ...{
        ...denial,
        ageSeconds: 131,
        source: '10.1.0.51',
        destination: '10.2.0.4',
        suppressed: 3,
      },
      ...{ segment: 'office', toSegment: 'office', destinationPort: 23, rule: 'no-telnet' },
    },
  ],
}

export const configAnswers: Canned = {
  'GET /api/v1/config': ({ box }) => shown(placeOf(box)),
  'POST /api/v1/config/check': ({ box, body }) => checked(placeOf(box), body as CheckRequest),
  'POST /api/v1/config/apply': ({ box, body }) => {
    take(box, body as ApplyRequest)
    return second(box)
  },
  'POST /api/v1/config/confirm': ({ box }) => {
    end(box, true)
    return second(box)
  },
  'POST /api/v1/config/rollback': ({ box }) => {
    end(box, false, 'somebody took it back')
    return second(box)
  },
  'GET /api/v1/config/history': ({ box }) => ({
    entries: placeOf(box).entries.map(({ text: _, ...head }) => head),
  }),
  'GET /api/v1/config/history/:number': ({ box, params }) => {
    const entry = placeOf(box).entries.find(({ number }) => number === Number(params.number))
    if (entry === undefined) throw new CannedError(404, 'API_NOT_FOUND', 'there is no such entry')
    return entry
  },
  'GET /api/v1/lans': () => lans,
  'GET /api/v1/nics': () => nics,
  'GET /api/v1/denials': () => denials,
}
