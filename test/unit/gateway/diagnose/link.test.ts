/** The test of an uplink: each thing that can be wrong is found, said with what to do, and what cannot be known is said so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkWork } from '../../../../firmware/gateway/diagnose/link.ts'
import type { UplinkStatus } from '../../../../firmware/model/local-api.ts'
import type { RunAnswer } from '../../../../firmware/model/local-api-diagnose.ts'
import { type Around, around, carryOut, says } from './around.ts'

/** A box of which all is well, but for what is said. */
function box(more: Partial<UplinkStatus> = {}): Around {
  const made = around()
  const { status } = made
  made.status = () => {
    const now = status()
    return {
      ...now,
      uplinks: now.uplinks.map((one) => (one.name === 'wan0' ? { ...one, ...more } : one)),
    }
  }
  made.leased = [
    {
      ...{
        device: 'wan0',
        address: '192.0.2.10/24',
        gateway: '192.0.2.1',
        dnsServers: ['192.0.2.53'],
      },
      ...{ controllers: [], expiresInMs: 1e6 },
    },
  ]
  made.tools.program = says(['64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.91 ms'])
  made.tools.names = () => ({ records: ['142.250.74.67'], code: null })
  made.tools.pages = () => ({ status: 204, to: '' })
  return made
}

const run = (made: Around): Promise<RunAnswer> => carryOut(linkWork({ uplink: 'wan0' }, made))
const bad = ({ steps }: RunAnswer) => steps.filter(({ verdict }) => verdict === 'bad')

test('all is well: said once, with each step', async () => {
  const made = box()
  const asked: unknown[] = []
  made.tools.pages = (question) => {
    asked.push(question.address, question.host, question.path, question.from)
    return { status: 204, to: '' }
  }
  made.tools.names = ({ servers, from }) => {
    asked.push(...servers, from)
    return { records: ['142.250.74.67'], code: null }
  }
  const answer = await run(made)
  assert.equal(answer.sentence, 'Uplink wan0: all that can be tested from here is well.')
  assert.deepEqual(
    bad(answer).map(({ sentence }) => sentence),
    [],
  )
  const own = made
    .status()
    .uplinks.find(({ name }) => name === 'wan0')!
    .address[0]!.split('/')[0]
  assert.deepEqual(asked, [
    ...['192.0.2.53', own],
    ...['142.250.74.67', 'connectivitycheck.gstatic.com', '/generate_204', own],
  ])
})

test('without a carrier, or an address, nothing behind it is tried', async () => {
  for (const [more, sentence] of [
    [{ isUp: false }, 'wan0 has no carrier.'],
    [{ address: [] as string[] }, /^wan0 (was lent|has) no address\.$/],
  ] as const) {
    const made = box(more)
    const answer = await run(made)
    assert.equal(answer.verdict, 'bad')
    if (typeof sentence === 'string') assert.equal(answer.sentence, sentence)
    else assert.match(answer.sentence!, sentence)
    assert.ok(answer.steps.at(-1)!.remedy!.length > 10)
    assert.deepEqual(made.tools.calls, [])
  }
})

test('a gateway that answers no ping is there if the kernel knows its link address', async () => {
  const made = box({ gateway: '192.0.2.1' })
  made.tools.program = says([])
  assert.equal((await run(made)).sentence, 'The gateway 192.0.2.1 does not answer.')
  made.tools.neighbours.set('wan0 192.0.2.1', '02:00:00:00:00:01')
  const answer = await run(made)
  assert.equal(answer.verdict, 'good')
  assert.match(
    answer.steps[2]!.sentence,
    /is there \(02:00:00:00:00:01\), though it answers no ping/,
  )
})

test('DNS that is silent is bad; one that knows no such name has answered', async () => {
  const made = box()
  made.tools.names = () => ({ records: [], code: 'ETIMEOUT' })
  const silent = await run(made)
  assert.equal(silent.sentence, 'No DNS server answers by it (192.0.2.53).')
  made.tools.names = () => ({ records: [], code: 'ENOTFOUND' })
  const answer = await run(made)
  assert.equal(answer.verdict, 'good')
  const sentences = answer.steps
    .map(({ verdict, sentence }) => `${verdict}: ${sentence}`)
    .join('\n')
  assert.match(sentences, /good: The DNS server 192\.0\.2\.53 says that there is no such name/)
  assert.match(sentences, /unknown: Whether a sign-in page stands between cannot be told/)
})

test('whoever else answers for the page is told, and what it sends on to only as far as it is a URL', async () => {
  const made = box()
  made.tools.pages = () => ({ status: 302, to: 'http://hotel.example/login' })
  const answer = await run(made)
  assert.match(
    answer.sentence!,
    /HTTP 302.*sign-in page\. It sends one to http:\/\/hotel\.example\/login\.$/,
  )
  made.tools.pages = () => ({ status: 200, to: 'javascript:alert(1)' })
  assert.doesNotMatch((await run(made)).sentence!, /javascript/)
  made.tools.pages = () => null
  const lab = await run(made)
  assert.equal(lab.verdict, 'good')
  assert.ok(
    lab.steps.some(
      ({ verdict, sentence }) => verdict === 'unknown' && /cannot be told/.test(sentence),
    ),
  )
})

test('UDP that is blocked and paths that are down are told', async () => {
  const nat = box().status().uplinks[0]!.nat[0]!
  const blocked = box({
    nat: [{ ...nat, isBlocked: true, explanation: 'no server answers: UDP is blocked' }],
  })
  const path = { uplink: 'wan0', state: 'down', mtuBytes: null } as never
  blocked.pathsNow = { peers: [{ peer: 'hub-1', reach: {} as never, paths: [path] }] }
  assert.deepEqual(
    bad(await run(blocked)).map(({ sentence }) => sentence),
    ['no server answers: UDP is blocked.', '0 of 1 paths to peers by it are up.'],
  )
  const unknown = await run(box({ nat: [] }))
  assert.ok(
    unknown.steps.some(({ sentence }) => /What NAT stands before it is not known/.test(sentence)),
  )
})

test('an uplink of another name, or a page that is none, is refused', () => {
  assert.throws(() => linkWork({ uplink: 'wan9' }, box()), { path: '/uplink' })
  assert.throws(() => linkWork({ uplink: 'wan0', portalUrl: 'http://' }, box()), {
    path: '/portalUrl',
  })
})
