/**
 * Links that change while the engine runs: the gateway is told, the twin shows its NIC's carrier, and a NIC that went
 * and came back is opened anew by the next load, which the counters ask for.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Counters, PortCounters } from '../../../firmware/model/program.ts'
import { Bench, type Datagram, inner, program, removeSpaces, setUpSpaces, spaces } from './bench.ts'

before(setUpSpaces)
after(removeSpaces)

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' })
const linkEvents = (bench: Bench): number =>
  bench.events.filter(({ kind }) => kind === 'links').length

async function portOf(bench: Bench, name: string): Promise<PortCounters> {
  const { ports } = await bench.call<Counters>('counters')
  return ports.find(({ twin }) => twin === name)!
}

/** The change, then until the gateway has been told and the port is so. */
async function tells(
  bench: Bench,
  change: () => unknown,
  twin: string,
  isSo: (port: PortCounters) => boolean,
): Promise<void> {
  await bench.call('counters')
  // Whatever came before has been told by now.
  await sleep(300)
  await bench.call('counters')
  const told = linkEvents(bench)
  change()
  for (let tries = 0; tries < 50; tries++) {
    await sleep(20)
    if (isSo(await portOf(bench, twin)) && linkEvents(bench) > told) return
  }
  assert.fail(`${linkEvents(bench) - told} events, ${JSON.stringify(await portOf(bench, twin))}`)
}

test('links that change are told, and a NIC that is back is opened by the next load', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await bench.start()
  assert.deepEqual(await portOf(bench, 'wan0').then(({ isUp, isGone }) => [isUp, isGone]), [
    true,
    false,
  ])

  // In the NICs' namespace: the carrier of one, without its name in the datapath's own.
  const { host, nics, remote, box } = spaces
  await tells(
    bench,
    () => ip('-n', remote, 'link', 'set', 'eth', 'down'),
    'wan0',
    ({ isUp }) => !isUp,
  )
  assert.match(ip('-n', box, 'link', 'show', 'wan0'), /NO-CARRIER/)
  await tells(
    bench,
    () => ip('-n', remote, 'link', 'set', 'eth', 'up'),
    'wan0',
    ({ isUp }) => isUp,
  )

  // In the datapath's namespace: links of others appear and vanish.
  for (const change of [
    ['add', 'extra', 'type', 'veth', 'peer', 'name', 'extra2'],
    ['set', 'extra', 'name', 'other'],
    ['set', 'other', 'up'],
    ['del', 'other'],
  ]) {
    await tells(
      bench,
      () => ip('-n', box, 'link', ...change),
      'lan0',
      () => true,
    )
  }

  await tells(
    bench,
    () => ip('-n', nics, 'link', 'del', 'eth0'),
    'lan0',
    ({ isUp, isGone }) => !isUp && isGone,
  )
  const renew = (): void => {
    const { address: mac } = JSON.parse(ip('-n', box, '-json', 'link', 'show', 'lan0'))[0]
    ip(
      ...['-n', nics, 'link', 'add', 'eth0', 'address', mac, 'type', 'veth', 'peer', 'name', 'eth'],
    )
    ip('-n', nics, 'link', 'set', 'eth', 'netns', host)
    ip('-n', nics, 'link', 'set', 'eth0', 'up')
    ip('-n', host, 'link', 'set', 'eth', 'up')
    ip('-n', host, 'address', 'add', `${inner.host}/24`, 'dev', 'eth')
    ip('-n', host, 'route', 'add', 'default', 'via', '10.1.0.1')
  }
  await tells(bench, renew, 'lan0', ({ isGone }) => isGone)
  await bench.call('load', { ...program, generation: 2 })
  assert.deepEqual(await portOf(bench, 'lan0').then(({ isUp, isGone }) => [isUp, isGone]), [
    true,
    false,
  ])
  bench.host.say({
    address: inner.far,
    port: inner.port,
    hex: Buffer.from('again').toString('hex'),
  })
  await bench.sealed()
})

const firstEventMs = 10_000

test('many changes at once are few events', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await bench.start()
  const before = linkEvents(bench)
  const startedMs = Date.now()
  for (let i = 0; i < 20; i++) {
    ip('-n', spaces.box, 'link', 'set', 'seg', i % 2 === 0 ? 'down' : 'up')
  }
  // On a machine that does much else the first one takes its time.
  while (linkEvents(bench) === before && Date.now() - startedMs < firstEventMs) {
    await bench.call<Datagram>('counters')
  }
  await sleep(400)
  await bench.call<Datagram>('counters')
  const told = linkEvents(bench) - before
  const most = Math.ceil((Date.now() - startedMs) / 200) + 1
  assert.ok(told >= 1 && told <= most, `${told} events, at most ${most}`)
})
