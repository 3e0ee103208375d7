/** The speed test as the asker sees it: what is run, how what it says is read, and what people are told, whatever comes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIperf, speedText } from '../../../../firmware/gateway/diagnose/iperf.ts'
import { speedWork } from '../../../../firmware/gateway/diagnose/speed.ts'
import type { Said } from '../../../../firmware/gateway/diagnose/speed-talk.ts'
import type { Ended } from '../../../../firmware/host/system/follow.ts'
import { speedStatus } from '../../../../firmware/wire/speed.ts'
import { around, carryOut, says } from './around.ts'

/** As iperf 3.12 writes it over a way of 20 Mbit/s. */
const there = [
  'Connecting to host 10.0.7.1, port 5210',
  '[  5] local 10.1.0.1 port 48387 connected to 10.0.7.1 port 5210',
  '[ ID] Interval           Transfer     Bitrate         Retr  Cwnd',
  '[  5]   0.00-1.00   sec  2.31 MBytes  19345 Kbits/sec    8    102 KBytes       ',
  '[  5]   1.00-2.00   sec  2.20 MBytes  18482 Kbits/sec    0   1.12 MBytes       ',
  '- - - - - - - - - - - - - - - - - - - - - - - - -',
  '[ ID] Interval           Transfer     Bitrate         Retr',
  '[  5]   0.00-2.00   sec  4.51 MBytes  18914 Kbits/sec   14             sender',
  '[  5]   0.00-2.04   sec  4.38 MBytes  18001 Kbits/sec                  receiver',
  '',
  'iperf Done.',
]
const back = [
  'Reverse mode, remote host 10.0.7.1 is sending',
  '[  5]   0.00-1.00   sec  4.61 MBytes  38652 Kbits/sec                  ',
  '[  5]   1.00-2.00   sec  4.58 MBytes  38400 Kbits/sec                  ',
  '[  5]   2.00-2.02   sec   384 KBytes  34200 Kbits/sec                  ',
  '[  5]   0.00-2.00   sec  9.30 MBytes  39000 Kbits/sec    9             sender',
  '[  5]   0.00-2.02   sec  9.19 MBytes  38500 Kbits/sec                  receiver',
]

function talking(said: Said) {
  const asked: unknown[] = []
  const talk = {
    ask: async (peer: string, open: object) => {
      asked.push([peer, open])
      return said
    },
    close: (peer: string) => void asked.push(['close', peer]),
    onAnswer: () => {},
  }
  return { asked, talk }
}

const answer = (status: number, address = '10.0.7.1', port = 5210): Said => {
  return { type: 'speed-answer', id: 1, status, port, address }
}
const yes = answer(speedStatus.agreed)

test('each line of iperf3 is read for what it says', () => {
  for (const [line, word] of [
    ['Server listening on 5210 (test #1)', { kind: 'listening' }],
    [there[3]!, { kind: 'second', second: 1, bps: 19_345_000 }],
    [there[7]!, { kind: 'total', by: 'sender', bps: 18_914_000, resent: 14 }],
    [there[8]!, { kind: 'total', by: 'receiver', bps: 18_001_000, resent: null }],
    [back[2]!, { kind: 'second', second: 2, bps: 38_400_000 }],
    [back[3]!, null],
    [
      '[ 12]   4.00-5.00   sec  0.00 Bytes  0.00 Kbits/sec    1   1.41 KBytes ',
      { kind: 'second', second: 5, bps: 0 },
    ],
    [there[2]!, null],
    [
      'iperf3: error - unable to connect to server: Connection refused',
      { kind: 'error', why: 'unable to connect to server: Connection refused' },
    ],
  ] as const)
    assert.deepEqual(readIperf(line), word, line)
  assert.deepEqual([820e3, 18.94e6, 999.6e6].map(speedText), [
    '820 kbit/s',
    '18.9 Mbit/s',
    '1.00 Gbit/s',
  ])
})

test('a transfer there and one back, told second by second and in all, in the lowest class and as nobody', async () => {
  const box = around()
  box.tools.program = (argv, following) => says(argv.includes('-R') ? back : there)(argv, following)
  const { asked, talk } = talking(yes)
  const run = await carryOut(speedWork({ peer: 'lisbon', seconds: 2 }, box, talk))
  assert.equal(
    run.sentence,
    '18.0 Mbit/s to lisbon, 38.5 Mbit/s from lisbon: one TCP transfer in segment office, each way 2 s.',
  )
  assert.deepEqual(
    run.steps.map(({ number, sentence }) => `${number ?? ''} ${sentence}`),
    [
      '1 19.3 Mbit/s to lisbon',
      '2 18.5 Mbit/s to lisbon',
      ' 18.0 Mbit/s to lisbon in all, 14 TCP packets were sent again',
      '1 38.7 Mbit/s from lisbon',
      '2 38.4 Mbit/s from lisbon',
      ' 38.5 Mbit/s from lisbon in all, 9 TCP packets were sent again',
    ],
  )
  assert.deepEqual(asked, [
    ['lisbon', { vni: 100, seconds: 2, address: '10.1.0.1' }],
    ['close', 'lisbon'],
  ])
  const [first, second] = box.tools.calls.map((call) => call.join(' '))
  assert.match(
    first!,
    /^setpriv --reuid=65534 --regid=65534 .*--no-new-privs --pdeathsig=KILL nice -n 19 iperf3 -c 10\.0\.7\.1 -4 -B 10\.1\.0\.1 -p 5210 -t 2 .*--dscp 8 /,
  )
  assert.equal(second, `${first} -R`)
})

test('whom nobody can be measured with is refused before anything is asked', () => {
  const box = around()
  const { asked, talk } = talking(yes)
  for (const [request, path] of [
    [{ peer: 'lisbom' }, '/peer'],
    [{ peer: 'lisbon', segment: 'cameras' }, '/segment'],
    [{ peer: 'lisbon', segment: 'attic' }, '/segment'],
  ] as const)
    assert.throws(() => speedWork(request, box, talk), { code: 'API_INVALID', path })
  const without = around((config) => ({ ...config, lans: [] }))
  assert.throws(() => speedWork({ peer: 'lisbon' }, without, talk), { path: '/peer' })
  assert.deepEqual(asked, [])
})

test('every no has a sentence and a remedy, and nothing is run', async () => {
  const box = around()
  for (const [said, sentence] of [
    ['unsent', /no session with lisbon/],
    ['silent', /does not know this test, or it does not hear this box/],
    [answer(speedStatus.busy), /at another speed test/],
    [answer(speedStatus.often), /less than half a minute ago/],
    [answer(speedStatus.nowhere), /no LAN in segment office/],
    [answer(speedStatus.absent), /no iperf3/],
    [answer(speedStatus.failed), /could not begin/],
    [answer(77), /does not know \(77\)/],
    // It would have this box speak to others than those behind it.
    [answer(speedStatus.agreed, '192.0.2.1'), /none of its addresses/],
    [answer(speedStatus.agreed, 'fd00::1'), /none of its addresses/],
    [answer(speedStatus.agreed, '10.0.7.1', 22), /none of its addresses/],
  ] as const) {
    const { asked, talk } = talking(said)
    const run = await carryOut(speedWork({ peer: 'lisbon' }, box, talk))
    assert.match(run.sentence!, sentence)
    const last = run.steps.at(-1)!
    assert.ok(last.sentence === run.sentence && last.remedy !== null, run.sentence!)
    assert.deepEqual(asked.at(-1), ['close', 'lisbon'])
  }
  assert.deepEqual(box.tools.calls, [])
})

test('a transfer that fails says why, and none back is tried', async () => {
  const box = around()
  const { talk } = talking(yes)
  box.tools.program = says([], 'iperf3: error - unable to connect to server: No route to host', 1)
  const run = await carryOut(speedWork({ peer: 'lisbon' }, box, talk))
  assert.equal(
    run.sentence,
    'Nothing was measured to lisbon: unable to connect to server: No route to host.',
  )
  assert.deepEqual([run.verdict, box.tools.calls.length], ['bad', 1])
  box.tools.program = says([], 'nice: ‘iperf3’: No such file or directory', 127)
  const absent = await carryOut(speedWork({ peer: 'lisbon' }, box, talk))
  assert.match(absent.sentence!, /^This box has no iperf3/)
})

test('a far end that is not done with the way there yet is asked again for the way back, and not for ever', async () => {
  const box = around()
  const { talk } = talking(yes)
  const isBusy = says([], 'iperf3: error - the server is busy running a test. try again later', 1)
  const reset = 'iperf3: error - unable to receive control message: Connection reset by peer'
  const isAnew = says([], reset, 1)
  // One that has begun is not done twice.
  const isCut = says(back.slice(0, 2), reset, 1)
  for (const [no, free, calls, sentence] of [
    [isBusy, 2, 4, /18\.0 Mbit\/s to lisbon, 38\.5 Mbit\/s from lisbon/],
    [isAnew, 1, 3, /18\.0 Mbit\/s to lisbon, 38\.5 Mbit\/s from lisbon/],
    [isBusy, 99, 6, /^Nothing was measured from lisbon: the server is busy/],
    [isCut, 1, 2, /^Nothing was measured from lisbon: .*reset by peer/],
  ] as const) {
    let backs = 0
    box.tools.calls.length = 0
    box.tools.program = (argv, following) => {
      if (!argv.includes('-R')) return says(there)(argv, following)
      return (backs++ < free ? no : says(back))(argv, following)
    }
    const run = await carryOut(speedWork({ peer: 'lisbon', seconds: 2 }, box, talk))
    assert.match(run.sentence!, sentence)
    assert.equal(box.tools.calls.length, calls)
  }
})

test('what the paths say stands beside it: each at first, the best one in the end', async () => {
  const box = around()
  box.tools.program = (argv, following) => says(argv.includes('-R') ? back : there)(argv, following)
  const silent = { lossRatio: null }
  const path = { endpoint: '198.51.100.7:51820', isBest: false, explanation: null, rx: silent }
  const paths = [
    {
      ...path,
      uplink: 'wan0',
      isBest: true,
      state: 'up',
      rttSeconds: 0.0123,
      tx: { lossRatio: 0 },
    },
    { ...path, uplink: 'lte0', state: 'up', rttSeconds: 0.04, tx: { lossRatio: 0.012 } },
    { ...path, uplink: 'lte1', state: 'down', explanation: 'nobody answers by it', tx: silent },
  ]
  box.pathsNow = { peers: [{ peer: 'lisbon', paths } as never] }
  const run = await carryOut(speedWork({ peer: 'lisbon', seconds: 2 }, box, talking(yes).talk))
  assert.match(run.sentence!, / 2 s\. The best path before it, by wan0: 12 ms, no loss\.$/)
  assert.deepEqual(
    run.steps.slice(0, 3).map(({ verdict, sentence }) => `${verdict} ${sentence}`),
    [
      'good wan0 to 198.51.100.7:51820, the best now: 12 ms, no loss',
      'good lte0 to 198.51.100.7:51820: 40 ms, 1.20 % loss',
      'unknown lte1 to 198.51.100.7:51820: nobody answers by it',
    ],
  )
})

test('one that is stopped ends its program, tells the peer, and says so', async () => {
  const box = around()
  const abort = new AbortController()
  box.tools.program = (_, { signal }) => {
    const ended = new Promise<Ended>((resolve) =>
      signal.addEventListener('abort', () => resolve({ code: 1, said: '' })),
    )
    abort.abort()
    return ended
  }
  const { asked, talk } = talking(yes)
  const told: string[] = []
  const tell = { step: () => {}, conclude: (_: string, word: string) => void told.push(word) }
  await speedWork({ peer: 'lisbon' }, box, talk)(tell, abort.signal)
  assert.deepEqual([told.at(-1), asked.at(-1)], ['It was stopped.', ['close', 'lisbon']])
  assert.equal(box.tools.calls.length, 1)
})
