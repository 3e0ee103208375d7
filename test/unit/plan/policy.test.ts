/**
 * Policies and applications, spelt out: the first comparison that fits a flow says what the configuration says when it is
 * read as it stands, policy by policy and list by list.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { contains, parseAddress, parseInterfaceAddress } from '../../../firmware/model/address.ts'
import { maxKnownTerms, maxSteeringTerms, termsOf } from '../../../firmware/model/application.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type {
  Application,
  Criteria,
  Policy,
} from '../../../firmware/model/device-config-steering.ts'
import { knownApplications } from '../../../firmware/model/known-applications.ts'
import { policyTermCount, policyTerms } from '../../../firmware/model/policy.ts'
import type { MatchProgram } from '../../../firmware/model/policy-program.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { compileSteering, defaultPolicy } from '../../../firmware/plan/policy.ts'
import { encodeProgram } from '../../../firmware/wire/datapath-program.ts'
import { sampleConfig, sampleNics, wholeConfig } from '../model/sample-config.ts'

interface Flow {
  readonly segment: string
  readonly destination: string
  readonly protocol: number
  readonly port: number
  readonly dscp: number
  /** '' before it is known, and where there is none. */
  readonly server: string
}

interface Verdict {
  readonly policy: string
  readonly application: string
}

/** As the datapath goes by it. */
function byMatches(matches: readonly MatchProgram[], flow: Flow): Verdict {
  const holds = (prefix: string): boolean =>
    prefix === '' || contains(parseInterfaceAddress(prefix)!, parseAddress(flow.destination)!)
  const fits = (match: MatchProgram): boolean =>
    (match.segment === '' || match.segment === flow.segment) &&
    holds(match.destination) &&
    (match.protocol === 0 || match.protocol === flow.protocol) &&
    match.destinationPorts[0] <= flow.port &&
    flow.port <= match.destinationPorts[1] &&
    (match.dscp === null || match.dscp === flow.dscp) &&
    (match.server === '' || isNamed(match.server, flow.server))
  const found = matches.find(fits)
  return { policy: found?.policy ?? 'default', application: found?.application ?? '' }
}

function isNamed(pattern: string, server: string): boolean {
  return pattern.startsWith('*.')
    ? server.length > pattern.length - 1 && server.endsWith(pattern.slice(1))
    : server === pattern
}

const marks: Readonly<Record<string, number>> = { be: 0, ef: 46, af11: 10, af43: 38, cs5: 40 }

/** As device.yaml is read. */
function asWritten({ applications = [], policies = [] }: DeviceConfig, flow: Flow): Verdict {
  const isMarked = (dscp: Criteria['dscp']): boolean =>
    dscp === undefined || dscp.some((one) => (marks[one] ?? one) === flow.dscp)
  const hasPort = (range: string | number): boolean => {
    const [first = 0, last = first] = String(range).split('-').map(Number)
    return first <= flow.port && flow.port <= last
  }
  const fits = ({ to, protocol, ports, names, dscp }: Criteria): boolean =>
    (to?.some((text) => contains(parseInterfaceAddress(text)!, parseAddress(flow.destination)!)) ??
      true) &&
    (protocol === undefined ||
      [protocol].flat().some((one) => {
        if (one === 'icmp') return flow.protocol === 1 || flow.protocol === 58
        return ({ tcp: 6, udp: 17 }[one] ?? one) === flow.protocol
      })) &&
    (ports?.some(hasPort) ?? true) &&
    (names?.some((pattern) => isNamed(pattern, flow.server)) ?? true) &&
    isMarked(dscp)
  const isOf = (name: string): boolean => {
    const own = applications.filter((one) => one.name === name)
    const known = knownApplications.find((one) => one.name === name)?.flows ?? []
    return (own.length > 0 ? own : known).some(fits)
  }
  for (const { name, for: flows } of policies) {
    if (flows === undefined) continue
    if (flows.segments !== undefined && !flows.segments.includes(flow.segment)) continue
    if (!isMarked(flows.dscp)) continue
    if (flows.applications === undefined) return { policy: name, application: '' }
    const application = flows.applications.find(isOf)
    if (application !== undefined) return { policy: name, application }
  }
  const names = [...applications, ...knownApplications].map(({ name }) => name)
  return { policy: 'default', application: names.find(isOf) ?? '' }
}

const some = <One>(...all: One[]): fc.Arbitrary<One[]> =>
  fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: 4 })
const maybe = <One>(list: fc.Arbitrary<One>): fc.Arbitrary<One | undefined> =>
  fc.option(list, { nil: undefined })
const present = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields

const dscp = maybe(some<'ef' | 'af11' | 'cs5' | 'be' | number>('ef', 'af11', 'cs5', 'be', 46, 38))
const application = fc
  .record({
    name: fc.constantFrom('erp', 'crm', 'teams', 'voice', 'ssh'),
    to: maybe(some('10.9.0.0/16', '10.9.8.0/24', 'FD00:9::/32', '52.112.0.0/16')),
    protocol: maybe(fc.constantFrom<'tcp' | 'udp' | 'icmp' | 47>('tcp', 'udp', 'icmp', 47)),
    ports: maybe(some<number | string>(443, '8000-8010', '8005-8020', 22)),
    names: maybe(some('crm.example', '*.crm.example', 'x.zoom.us')),
    dscp,
  })
  .map((one) => {
    const hasPorts = one.protocol === 'tcp' || one.protocol === 'udp'
    const hasNames = one.protocol === undefined || hasPorts
    return present({
      ...one,
      ports: hasPorts ? one.ports : undefined,
      names: hasNames ? one.names : undefined,
    }) as Application
  })
const flows = fc
  .record({
    applications: maybe(some('erp', 'crm', 'teams', 'voice', 'zoom', 'https', 'icmp', 'dns')),
    segments: maybe(some('office', 'cameras')),
    dscp,
  })
  .map(present)
const policies = fc
  .array(flows, { maxLength: 4 })
  .map((list) => list.map((one, at) => ({ name: `p${at}`, for: one }) as Policy))
const flow: fc.Arbitrary<Flow> = fc
  .record({
    segment: fc.constantFrom('office', 'cameras'),
    destination: fc.constantFrom('10.9.8.7', '10.9.1.1', 'fd00:9::1', '52.112.3.4', '192.0.2.7'),
    protocol: fc.constantFrom(6, 17, 1, 58, 47),
    port: fc.constantFrom(22, 53, 443, 3478, 8000, 8007, 8015, 8802, 40_000),
    dscp: fc.constantFrom(0, 10, 38, 40, 46),
    server: fc.constantFrom('', 'crm.example', 'a.crm.example', 'notcrm.example', 'x.zoom.us'),
  })
  .map((one) => {
    const hasPorts = one.protocol === 6 || one.protocol === 17
    return { ...one, port: hasPorts ? one.port : 0, server: hasPorts ? one.server : '' }
  })

test('a flow is whose the configuration says it is', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(
      fc.uniqueArray(application, { maxLength: 3, selector: ({ name }) => name }),
      policies,
      fc.array(flow, { minLength: 20, maxLength: 20 }),
      (own, list, packets) => {
        const config = { ...sampleConfig(), applications: own, policies: list } as DeviceConfig
        const { matches } = compileSteering(config)
        const known = new Map(own.map((one) => [one.name, [one]]))
        for (const policy of list) {
          const terms = policyTerms(policy, known)
          assert.equal(policyTermCount(policy, known), terms.length)
        }
        for (const packet of packets) {
          const verdict = byMatches(matches, packet)
          assert.deepEqual(verdict, asWritten(config, packet))
          seen.set(verdict.policy, (seen.get(verdict.policy) ?? 0) + 1)
        }
      },
    ),
    { numRuns: 300 },
  )
  for (const policy of ['default', 'p0', 'p1', 'p2']) {
    assert.ok((seen.get(policy) ?? 0) > 50, `${policy}: ${seen.get(policy)}`)
  }
})

test('without policies all flows are of the default, and have the names of well-known applications', () => {
  const { policies: list, matches } = compileSteering(sampleConfig() as DeviceConfig)
  assert.deepEqual(list, [defaultPolicy])
  const named = (more: Partial<Flow>): Verdict =>
    byMatches(matches, {
      segment: 'office',
      destination: '198.51.100.7',
      protocol: 6,
      port: 443,
      dscp: 0,
      server: '',
      ...more,
    })
  assert.deepEqual(named({}), { policy: 'default', application: 'https' })
  assert.equal(named({ server: 'eu.teams.microsoft.com' }).application, 'teams')
  assert.equal(named({ server: 'teams.microsoft.com.evil.example' }).application, 'https')
  assert.equal(named({ protocol: 17, port: 3479, destination: '52.113.1.2' }).application, 'teams')
  assert.equal(named({ protocol: 17, port: 3478 }).application, 'stun')
  assert.equal(named({ protocol: 17, port: 41_000, dscp: 46 }).application, 'voice')
  assert.equal(named({ protocol: 58, port: 0 }).application, 'icmp')
  assert.equal(named({ port: 22 }).application, 'ssh')
  assert.equal(named({ port: 41_000 }).application, '')
})

test('policies of the whole sample, in the units of the datapath, the default first', () => {
  const { policies: list } = compileSteering(wholeConfig() as DeviceConfig)
  assert.deepEqual(list, [
    { ...defaultPolicy, metered: 'ok' },
    {
      name: 'calls',
      lossPpm: 5_000,
      latencyUs: 150_000,
      jitterUs: 30_000,
      metered: 'never',
      kinds: ['internet', 'private'],
      isStrict: true,
      isSpread: false,
      class: 0,
      isBreakoutDenied: true,
      prefer: [0],
    },
    { ...defaultPolicy, name: 'business', isSpread: true },
  ])
})

test('uplinks tell the datapath rate, network, price and what they share', () => {
  const config = wholeConfig()
  config.uplinks[0].risk = 'duct-9'
  config.uplinks[1].risk = 'duct-2'
  config.uplinks[2].risk = 'duct-9'
  const facts = { mac1Keys: [], nicNetns: 'n', nics: sampleNics, leases: [], withheld: [] }
  const { program } = compile(config as DeviceConfig, facts)
  assert.deepEqual(
    program.ports
      .filter(({ twin }) => ['wan0', 'lte0', 'wan2', 'lan0'].includes(twin))
      .map(({ upBps, network, isMetered, isBackup, risk }) => [
        upBps,
        network,
        isMetered,
        isBackup,
        risk,
      ]),
    [
      [40_000_000, 'internet', false, false, 1],
      [0, 'internet', true, true, 2],
      [0, 'private', false, false, 1],
      [0, '', false, false, 0],
    ],
  )
})

test('well-known applications are such as anybody could write, and there is room for all and the most others', () => {
  const config = sampleConfig()
  config.applications = knownApplications.flatMap(({ name, flows: list }) =>
    list.map((criteria, at) => ({ name: `${name}-${at}`, ...criteria })),
  )
  assert.deepEqual(parseDeviceConfig(JSON.stringify(config)).errors, [])
  const terms = knownApplications.flatMap((one) => one.flows.flatMap(termsOf))
  assert.ok(terms.length > 150 && terms.length <= maxKnownTerms, `${terms.length}`)
  assert.equal(new Set(knownApplications.map(({ name }) => name)).size, knownApplications.length)
  const names = Array.from({ length: 64 }, (_, at) => `h${at}.example`)
  config.applications = Array.from({ length: 6 }, (_, at) => ({ name: `a${at}`, names }))
  const applications = config.applications.map(({ name }: Application) => name)
  config.policies = [{ name: 'all', for: { applications } }]
  const facts = { mac1Keys: [], nicNetns: 'n', nics: sampleNics, leases: [], withheld: [] }
  const parsed = parseDeviceConfig(JSON.stringify(config))
  assert.deepEqual(parsed.errors, [])
  const { program } = compile(parsed.config!, facts)
  assert.equal(program.matches.length, maxSteeringTerms + terms.length)
  assert.ok(maxSteeringTerms + maxKnownTerms <= 1024)
  assert.ok(encodeProgram(program).length > 0)
  config.policies.push({ name: 'one-more', for: { dscp: ['ef'] } })
  assert.deepEqual(
    parseDeviceConfig(JSON.stringify(config)).errors.map(({ code }) => code),
    ['CONFIG_POLICY_TOO_MANY'],
  )
})

test('code points have the numbers of their RFCs', () => {
  const numberOf = (mark: string): number | null => termsOf({ dscp: [mark as 'ef'] })[0]!.dscp
  for (const [mark, number] of [
    ['be', 0],
    ['cs1', 8],
    ['af11', 10],
    ['af13', 14],
    ['af21', 18],
    ['af33', 30],
    ['cs4', 32],
    ['af41', 34],
    ['cs5', 40],
    ['ef', 46],
    ['cs7', 56],
  ] as const) {
    assert.equal(numberOf(mark), number, mark)
  }
})
