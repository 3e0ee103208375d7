/** What the fake box answers about diagnostics: tests that run as one looks, recordings, flows, denials, a log, a bundle. */
import type { CaptureAnswer, CaptureRequest } from '../../../firmware/model/local-api-capture.ts'
import type { DenialAnswer } from '../../../firmware/model/local-api-denial.ts'
import type {
  PlacesAnswer,
  RunAnswer,
  RunKind,
  RunStep,
} from '../../../firmware/model/local-api-diagnose.ts'
import type { ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import type { FlowAnswer, FlowsAnswer } from '../../../firmware/model/local-api-flow.ts'
import type { LogLine } from '../../../firmware/model/local-api-log.ts'
import { type Canned, CannedError } from './canned.ts'
import { explained } from './explained.ts'

const places: PlacesAnswer = {
  uplinks: ['wan0', 'lte0'],
  lans: ['lan0', 'cams'],
  segments: ['office', 'cameras'],
  peers: ['hub-1', 'lisbon', 'oslo', 'porto'],
}

const step = (
  verdict: RunStep['verdict'],
  sentence: string,
  more: Partial<RunStep> = {},
): RunStep => ({
  ...{ verdict, number: null, address: null, seconds: null, sentence, remedy: null },
  ...more,
})

const tests: Readonly<Record<RunKind, readonly [RunStep['verdict'], string, readonly RunStep[]]>> =
  {
    ping: [
      'bad',
      '10.2.0.1 answers the box: 4 of 5 answered, in 8.21 ms to 9.77 ms, 8.72 ms on average.',
      [1, 2, 3, 4, 5].map((number) =>
        number === 3
          ? step('bad', 'no answer so far', { number })
          : step('good', 'answered', {
              number,
              address: '10.2.0.1',
              seconds: 0.0081 + number / 4000,
            }),
      ),
    ],
    trace: [
      'good',
      '9.9.9.9 is 4 hops away, 11 ms.',
      [
        step('info', 'passes it on', { number: 1, address: '192.0.2.1', seconds: 0.0009 }),
        step('unknown', 'nobody says that it is here', { number: 2 }),
        step('info', 'passes it on', { number: 3, address: '203.0.113.17', seconds: 0.0094 }),
        step('good', 'the destination', { number: 4, address: '9.9.9.9', seconds: 0.0112 }),
      ],
    ],
    mtu: [
      'good',
      'The way to 10.2.0.1 takes packets of up to 1430 bytes whole.',
      [
        step('good', '576 bytes pass', { number: 576 }),
        step('info', '1500 bytes are too large for this box, which takes 1430', { number: 1500 }),
        step('good', '1430 bytes pass', { number: 1430 }),
      ],
    ],
    speed: [
      'good',
      '18.7 Mbit/s to lisbon, 38.2 Mbit/s from lisbon: one TCP transfer in segment office, each way 2 s. The best path before it, by wan0: 38 ms, no loss.',
      [
        step('good', 'wan0 to 203.0.113.4:51820, the best now: 38 ms, no loss'),
        step('unknown', 'lte0 to 203.0.113.4:51820: nobody answers by it'),
        step('info', '17.9 Mbit/s to lisbon', { number: 1 }),
        step('info', '19.4 Mbit/s to lisbon', { number: 2 }),
        step('good', '18.7 Mbit/s to lisbon in all, 12 TCP packets were sent again'),
        step('info', '37.1 Mbit/s from lisbon', { number: 1 }),
        step('info', '39.2 Mbit/s from lisbon', { number: 2 }),
        step('good', '38.2 Mbit/s from lisbon in all, 3 TCP packets were sent again'),
      ],
    ],
    dns: [
      'good',
      'www.example.com has 1 record of type A, says 9.9.9.9.',
      [step('good', '93.184.216.34')],
    ],
    link: [
      'bad',
      'Somebody else answers for connectivitycheck.gstatic.com (HTTP 302): most likely a sign-in page.',
      [
        step('good', 'wan0 has a carrier (netdev:enp1s0).'),
        step('good', 'wan0 has the address 192.0.2.10/24.', { address: '192.0.2.10/24' }),
        step('good', 'The gateway 192.0.2.1 answers 3 of 3 pings, in 0.91 ms.', {
          seconds: 0.0009,
        }),
        step('good', 'The DNS server 192.0.2.1 answers.'),
        step(
          'bad',
          'Somebody else answers for connectivitycheck.gstatic.com (HTTP 302): most likely a sign-in page. It sends one to http://hotel.example/login.',
          {
            remedy:
              'Sign in with a device behind that network, or have the provider let this box pass.',
          },
        ),
        step('unknown', 'What NAT stands before it is not known: nobody was asked.'),
        step('info', 'They take packets of up to 1430 bytes whole.', { number: 1430 }),
      ],
    ],
  }

const ids: readonly RunKind[] = ['ping', 'trace', 'mtu', 'speed', 'dns', 'link']
/** By id: how often it was asked about. A step more each time. */
const looks = new Map<string, number>()

function runOf(id: string): RunAnswer {
  const kind = ids.find((one) => id.startsWith(one))
  if (kind === undefined) throw new CannedError(404, 'API_NOT_FOUND', 'there is no such test')
  const [verdict, sentence, steps] = tests[kind]
  const shown = looks.get(id) ?? 0
  looks.set(id, shown + 1)
  const isDone = shown > steps.length
  return {
    ...{ id, kind, isDone, seconds: shown / 2, verdict },
    sentence: isDone ? sentence : null,
    steps: steps.slice(0, shown),
  }
}

const captures: CaptureAnswer[] = [
  {
    ...{ id: 'aaaaaaaaaaaaaaaa', isDone: true, place: 'LAN lan0', device: 'enp2s0' },
    filter: 'host 10.1.0.10 and port 443 and tcp',
    ...{
      isFull: false,
      packets: 1204,
      bytes: 118_220,
      lostPackets: 0,
      seconds: 10,
      mostSeconds: 10,
    },
    ...{ removedInSeconds: 512, sentence: null },
  },
]

function begin({ filter, seconds = 10 }: CaptureRequest, isFull: boolean): CaptureAnswer {
  const made: CaptureAnswer = {
    ...{ id: 'bbbbbbbbbbbbbbbb', isDone: false, place: 'uplink wan0', device: 'enp1s0' },
    filter: filter?.host === undefined ? '' : `host ${filter.host}`,
    ...{ isFull, packets: 311, bytes: 40_113, lostPackets: null, seconds: 3, mostSeconds: seconds },
    ...{
      removedInSeconds: null,
      sentence: 'What goes to other sites is sealed here: outer headers alone can be read.',
    },
  }
  captures.unshift(made)
  return made
}

const flow = (more: Partial<FlowAnswer>): FlowAnswer => ({
  ...{ verdict: 'to-peer', source: '10.1.0.10', destination: '10.0.0.5', protocol: 6 },
  ...{ sourcePort: 50_312, destinationPort: 443, segment: 'office', peer: 'hub-1', uplink: 'wan0' },
  ...{
    policy: 'business',
    class: 'business',
    idleSeconds: 0.2,
    packets: 255,
    bytes: null,
    isMore: true,
  },
  ...more,
})

const flows: FlowsAnswer = {
  flows: [
    flow({}),
    flow({
      sourcePort: 50_313,
      policy: 'voice',
      class: 'voice',
      protocol: 17,
      destinationPort: 5060,
      packets: 41,
      isMore: false,
    }),
    flow({
      verdict: 'held',
      peer: 'porto',
      uplink: null,
      destination: '10.4.0.9',
      packets: 3,
      isMore: false,
      idleSeconds: 4,
    }),
    flow({
      ...{
        verdict: 'breaks-out',
        destination: '142.250.74.68',
        segment: null,
        peer: null,
        policy: null,
        class: null,
      },
      ...{ idleSeconds: null, packets: 812, bytes: 911_220, isMore: false },
    }),
  ],
  inUse: 214,
  places: 131_072,
  sentence:
    'To peers: flows of the last minute for which there is something to decide (several paths, or policies). To the Internet: what the kernel translates (NAT) now.',
}

const denial: DenialAnswer = {
  ...{ ageSeconds: 12, peer: '', source: '10.1.0.22', destination: '10.1.20.4', protocol: 6 },
  ...{
    sourcePort: 40_122,
    destinationPort: 554,
    segment: 'office',
    toSegment: 'cameras',
    rule: '',
  },
  ...{
    reason: 'acl_denied',
    meaning: 'An access rule, or the lack of one, keeps it out.',
    suppressed: 3,
  },
}

const line = (
  number: number,
  level: LogLine['level'],
  area: LogLine['area'],
  message: string,
  fields = {},
): LogLine => ({
  ...{ number, level, area, message, fields },
  time: new Date(Date.now() - (40 - number) * 1000).toISOString(),
})
const lines: readonly LogLine[] = [
  line(1, 'info', 'gateway', 'gateway ready', { revision: '42' }),
  line(2, 'info', 'peer', 'session up', { peer: 'hub-1', uplink: 'wan0' }),
  line(3, 'warn', 'uplink', 'path down', {
    peer: 'lisbon',
    uplink: 'lte0',
    detail: 'nobody answers by it',
  }),
  line(4, 'warn', 'policy', 'packet denied', {
    source: '10.1.0.22',
    destination: '10.1.20.4',
    reason: 'acl_denied',
  }),
  line(5, 'error', 'controller', 'link failed', {
    code: 'LINK_UNREACHABLE',
    detail: 'connect ETIMEDOUT',
  }),
]

export const diagnosticsAnswers: Canned = {
  'GET /api/v1/diagnose/places': () => places,
  'POST /api/v1/explain': ({ body }) => explained(body as ExplainRequest),
  ...Object.fromEntries(
    ids.map((kind) => [
      `POST /api/v1/diagnose/${kind}`,
      () => {
        const id = `${kind}-${looks.size}`
        return runOf(id)
      },
    ]),
  ),
  'GET /api/v1/diagnose/runs/:id': ({ params: { id = '' } }) => runOf(id),
  'POST /api/v1/diagnose/runs/:id/stop': ({ params: { id = '' } }) => ({
    ...runOf(id),
    isDone: true,
  }),
  'GET /api/v1/capture': () => ({ captures }),
  'POST /api/v1/capture': ({ body }) => begin(body as CaptureRequest, false),
  'POST /api/v1/capture/full': ({ body }) => begin(body as CaptureRequest, true),
  'POST /api/v1/capture/:id/stop': ({ params: { id = '' } }) => {
    const at = captures.findIndex((capture) => capture.id === id)
    captures[at] = { ...captures[at]!, isDone: true, lostPackets: 2, removedInSeconds: 600 }
    return captures[at]
  },
  'GET /api/v1/capture/:id/file': () => Buffer.from('0a0d0d0a', 'hex'),
  'GET /api/v1/flows': () => flows,
  'GET /api/v1/denials': () => ({ denials: [denial] }),
  'GET /api/v1/log': () => ({ lines }),
  'GET /api/v1/log/after/:number': ({ params: { number } }) => ({
    lines: lines.filter((one) => one.number > Number(number)),
  }),
  'GET /api/v1/bundle': () => Buffer.from('1f8b', 'hex'),
}
