/** Ping, traceroute, packet sizes and names: what is run, how what it says is read, and what people are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dnsWork } from '../../../../firmware/gateway/diagnose/dns.ts'
import { mtuWork, searchOf } from '../../../../firmware/gateway/diagnose/mtu.ts'
import { pingWork, readPing } from '../../../../firmware/gateway/diagnose/ping.ts'
import { readHop, traceWork } from '../../../../firmware/gateway/diagnose/trace.ts'
import { samplePath } from '../../plan/sample-path.ts'
import { around, carryOut, says } from './around.ts'

test('each line of ping is read for what it says of one packet', () => {
  const answer = { kind: 'answer', number: 1, seconds: 0.045 / 1000 }
  for (const [line, word] of [
    ['64 bytes from 10.2.0.1: icmp_seq=1 ttl=63 time=0.045 ms', { ...answer, from: '10.2.0.1' }],
    ['64 bytes from fd00::1: icmp_seq=1 ttl=63 time=0.045 ms', { ...answer, from: 'fd00::1' }],
    ['64 bytes from fe80::1%wan0: icmp_seq=1 ttl=63 time=0.045 ms', { ...answer, from: 'fe80::1' }],
    ['no answer yet for icmp_seq=7', { kind: 'late', number: 7 }],
    [
      'From 10.0.0.1 icmp_seq=2 Destination Host Unreachable',
      {
        kind: 'refused',
        number: 2,
        from: '10.0.0.1',
        why: 'Destination Host Unreachable',
        mtuBytes: null,
      },
    ],
    [
      'From 10.0.0.1 icmp_seq=2 Frag needed and DF set (mtu = 1400)',
      {
        kind: 'refused',
        number: 2,
        from: '10.0.0.1',
        why: 'Frag needed and DF set (mtu = 1400)',
        mtuBytes: 1400,
      },
    ],
    [
      'ping: local error: message too long, mtu=1430',
      { kind: 'unsent', why: 'message too long, mtu=1430', mtuBytes: 1430 },
    ],
    [
      'ping: sendmsg: Network is unreachable',
      { kind: 'unsent', why: 'Network is unreachable', mtuBytes: null },
    ],
    ['PING 10.2.0.1 (10.2.0.1) 56(84) bytes of data.', null],
    ['5 packets transmitted, 4 received, 20% packet loss, time 4005ms', null],
  ] as const)
    assert.deepEqual(readPing(line), word, line)
})

test('a ping goes by an uplink bound to it, by a LAN with its address, and is told as it comes', async () => {
  const box = around()
  box.tools.program = says([
    '64 bytes from 10.2.0.1: icmp_seq=1 ttl=63 time=8.00 ms',
    'no answer yet for icmp_seq=2',
    '64 bytes from 10.2.0.1: icmp_seq=3 ttl=63 time=10.0 ms',
  ])
  const run = await carryOut(pingWork({ to: '10.2.0.1', uplink: 'wan0', count: 3 }, box))
  assert.equal(
    run.sentence,
    '10.2.0.1 answers uplink wan0: 2 of 3 answered, in 8.00 ms to 10 ms, 9.00 ms on average.',
  )
  assert.deepEqual(
    [run.verdict, run.steps.map(({ verdict }) => verdict)],
    ['bad', ['good', 'bad', 'good']],
  )
  await carryOut(pingWork({ to: '10.2.0.1', lan: 'lan0', count: 3 }, box))
  const argv = 'ping -n -O -c 3 -s 56 -i 1 -W 2 -I SOURCE -- 10.2.0.1'
  assert.deepEqual(
    box.tools.calls.map((call) => call.join(' ')),
    ['wan0', '10.1.0.1'].map((source) => argv.replace('SOURCE', source)),
  )
})

test('what names nothing here, or could be taken for an option, never reaches a program', async () => {
  const box = around()
  for (const [request, path] of [
    [{ to: '10.2.0.1', uplink: 'wan9' }, '/uplink'],
    [{ to: '10.2.0.1', lan: 'wan0' }, '/lan'],
    [{ to: '10.2.0.1', uplink: 'wan0', lan: 'lan0' }, ''],
  ] as const)
    assert.throws(() => pingWork(request, box), { code: 'API_INVALID', path })
  box.tools.names = () => ({ records: ['-oProxyCommand=x', '$(id)'], code: null })
  const run = await carryOut(pingWork({ to: 'lure.example' }, box))
  assert.match(run.sentence!, /a name without an address/)
  assert.deepEqual(box.tools.calls, [])
})

test('a name is asked of whom the box asks, and its address is pinged', async () => {
  const box = around((config) => ({ ...config, dns: { servers: ['10.0.0.53'] } }))
  const asked: unknown[] = []
  box.tools.names = ({ name, type, servers }) => {
    asked.push([name, type, ...servers])
    return type === 'AAAA'
      ? { records: ['2001:db8::5'], code: null }
      : { records: [], code: 'ENODATA' }
  }
  await carryOut(pingWork({ to: 'www.example.com' }, box))
  assert.deepEqual(asked, [
    ['www.example.com', 'A', '10.0.0.53'],
    ['www.example.com', 'AAAA', '10.0.0.53'],
  ])
  assert.equal(box.tools.calls[0]!.at(-1), '2001:db8::5')
})

test('hops are read, those that say nothing too, and marks are told in words', () => {
  const hop = { number: 3, address: '203.0.113.17', seconds: 0.0094, mark: null }
  assert.deepEqual(readHop(' 3  203.0.113.17  9.400 ms  9.1 ms'), hop)
  assert.deepEqual(readHop(' 3  * 203.0.113.17  9.400 ms'), hop)
  assert.deepEqual(readHop('12  fd00::17  9.400 ms !N  8 ms !N'), {
    ...{ number: 12, address: 'fd00::17', seconds: 0.0094, mark: '!N' },
  })
  assert.deepEqual(readHop(' 4  * *'), { number: 4, address: null, seconds: null, mark: null })
  assert.equal(readHop('traceroute to 9.9.9.9 (9.9.9.9), 20 hops max, 60 byte packets'), null)
})

test('a traceroute says who is last, or how far it is', async () => {
  const box = around()
  box.tools.program = says([
    ' 1  192.0.2.1  0.9 ms  0.8 ms',
    ' 2  * *',
    ' 3  9.9.9.9  11.2 ms  11 ms',
  ])
  const good = await carryOut(traceWork({ to: '9.9.9.9', uplink: 'wan0', by: 'udp', hops: 5 }, box))
  assert.deepEqual([good.verdict, good.sentence], ['good', '9.9.9.9 is 3 hops away, 11 ms.'])
  assert.equal(
    box.tools.calls[0]!.join(' '),
    'traceroute -n -m 5 -q 2 -w 1 -N 4 -i wan0 -- 9.9.9.9',
  )
  box.tools.program = says([' 1  192.0.2.1  0.9 ms', ' 2  192.0.2.9  1 ms !N'])
  const bad = await carryOut(traceWork({ to: '9.9.9.9' }, box))
  assert.deepEqual(
    [bad.verdict, bad.sentence, bad.steps[1]!.sentence],
    [
      'bad',
      '9.9.9.9 does not answer. The last that does is 192.0.2.9, hop 2.',
      'network unreachable',
    ],
  )
  box.tools.program = says([], 'connect: Network is unreachable', 1)
  const none = await carryOut(traceWork({ to: '9.9.9.9' }, box))
  assert.match(none.sentence!, /^Nothing was sent .* Network is unreachable\.$/)
})

test('whatever a way takes is found, with hints and without, and no try is wasted', () => {
  for (const family of [4, 6] as const) {
    for (let truth = family === 4 ? 576 : 1280; truth <= 1500; truth++) {
      for (const isTelling of [true, false]) {
        const search = searchOf(family)
        let tries = 0
        for (let bytes = search.next(); bytes !== null; bytes = search.next()) {
          tries++
          const passes = bytes <= truth
          const mtuBytes = isTelling ? truth : null
          search.take(
            bytes,
            passes ? { kind: 'passes' } : { kind: 'too large', mtuBytes, by: null },
          )
        }
        assert.equal(search.found, truth)
        assert.ok(tries <= (isTelling ? 4 : 12), `${tries} for ${truth}`)
      }
    }
  }
})

test('who answers nothing at all is told at once', async () => {
  const box = around()
  const run = await carryOut(mtuWork({ to: '10.2.0.1' }, box))
  assert.deepEqual([run.verdict, run.steps.length], ['bad', 1])
  assert.match(run.sentence!, /does not answer, not even what is small/)
})

test('to a peer, the least of what its living paths take is told, and nothing is sent', async () => {
  const box = around()
  const paths = [
    samplePathAnswer({ uplink: 'wan0', mtuBytes: 1430, state: 'up' }),
    samplePathAnswer({ uplink: 'lte0', mtuBytes: 1380, state: 'up' }),
    samplePathAnswer({ uplink: 'lte0', mtuBytes: 900, state: 'down' }),
  ]
  box.pathsNow = { peers: [{ peer: 'hub-1', paths } as never] }
  const run = await carryOut(mtuWork({ peer: 'hub-1' }, box))
  assert.match(run.sentence!, /up to 1380 bytes whole/)
  assert.deepEqual(box.tools.calls, [])
  assert.throws(() => mtuWork({ peer: 'hub-9' }, box), { code: 'API_INVALID', path: '/peer' })
  assert.throws(() => mtuWork({}, box), { code: 'API_INVALID' })
})

function samplePathAnswer(more: object): object {
  return { ...samplePath(), endpoint: '198.51.100.7:51820', isBest: false, ...more }
}

test('a name is looked up with the server that was named, and each outcome has its sentence', async () => {
  const box = around()
  box.tools.names = ({ servers }) =>
    servers[0] === '9.9.9.9'
      ? { records: ['93.184.216.34'], code: null }
      : { records: [], code: 'ETIMEOUT' }
  const good = await carryOut(dnsWork({ name: 'www.example.com', server: '9.9.9.9' }, box))
  assert.equal(good.sentence, 'www.example.com has 1 record of type A, says 9.9.9.9.')
  const bad = await carryOut(dnsWork({ name: 'www.example.com', server: '192.0.2.53' }, box))
  assert.equal(bad.sentence, 'www.example.com, type A: 192.0.2.53 does not answer.')
  assert.throws(() => dnsWork({ name: '10.0.0.1', type: 'A' }, box), { path: '/name' })
  assert.throws(() => dnsWork({ name: 'www.example.com', type: 'PTR' }, box), { path: '/name' })
  assert.throws(() => dnsWork({ name: 'a.example', server: 'b.example' }, box), { path: '/server' })
})
