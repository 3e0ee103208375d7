/**
 * The real kernel, in a throwaway network namespace with veth pairs for NICs: what plan/ wants comes about, a
 * second look finds nothing to do, and what vanishes comes back.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { sampleConfig } from '../model/sample-config.ts'

const space = `cwgw-${process.pid}`
const nicNetns = `causeway-cwgw-${process.pid}`
const nics = ['enp1s0', 'wwan0', 'enp2s0', 'enp3s0']

const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' })

before(() => {
  ip('netns', 'add', space)
  for (const nic of nics) {
    ip('-n', space, 'link', 'add', nic, 'type', 'veth', 'peer', 'name', `x-${nic}`)
    ip('-n', space, 'link', 'set', `x-${nic}`, 'up')
  }
})

after(() => {
  for (const name of [nicNetns, space]) {
    try {
      ip('netns', 'del', name)
    } catch {
      // It was not made.
    }
  }
})

/** Runs a script with the real `Net` inside the namespace; it prints JSON. */
async function inside(config: object): Promise<{ steps: string[]; failure?: { code: string } }> {
  const input = JSON.stringify({ config, nicNetns })
  const script = new URL('./linux-net-inside.ts', import.meta.url).pathname
  const child = spawn('nsenter', [`--net=/run/netns/${space}`, process.execPath, script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(input)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return JSON.parse(Buffer.concat(chunks).toString())
}

test('a bare machine becomes what the configuration says, and stays untouched by a second pass', async () => {
  const first = await inside(sampleConfig())
  assert.equal(first.failure, undefined)
  assert.ok(first.steps.includes('add-netns') && first.steps.includes('load-firewall'))
  assert.deepEqual((await inside(sampleConfig())).steps, [])

  const main = ip('-n', space, '-4', 'route')
  assert.match(main, /^default via 192\.0\.2\.1 dev wan0 proto 203 metric 100/m)
  assert.match(main, /^10\.0\.0\.0\/16 dev seg-office proto 203 .*src 10\.1\.0\.1 metric 50/m)
  assert.match(main, /^unreachable 10\.0\.0\.0\/16 proto 203 metric 20000/m)
  assert.match(ip('-n', space, 'rule'), /from 203\.0\.113\.9 lookup 1001/)
  const inNetns = ip('-n', nicNetns, 'link')
  for (const nic of nics) assert.match(inNetns, new RegExp(`${nic}@.*ALLMULTI.*UP.*`))
  assert.equal(ip('-n', nicNetns, 'addr').match(/inet/g), null)
})

test('a packet for the overlay is refused once its twin is gone, whoever sends it', () => {
  ip('-n', space, 'link', 'del', 'seg-cameras')
  assert.throws(() => ip('-n', space, 'route', 'get', '10.9.0.1'), /unreachable|host/i)
  assert.throws(() =>
    ip('-n', space, 'route', 'get', '10.9.0.1', 'from', '10.1.20.1', 'iif', 'cams'),
  )
})

test('what others changed is put right: a lost twin, address, flushed rules, a switch', async () => {
  ip('-n', space, 'addr', 'flush', 'dev', 'wan0')
  ip('-n', nicNetns, 'link', 'set', 'enp2s0', 'down')
  const enter = [`--net=/run/netns/${space}`]
  execFileSync('nsenter', [...enter, 'nft', 'flush', 'chain', 'inet', 'causeway', 'forward'])
  execFileSync('nsenter', [...enter, 'sysctl', '-qw', 'net.ipv4.ip_forward=0'])
  const { steps } = await inside(sampleConfig())
  for (const kind of ['load-firewall', 'add-twin', 'set-nic', 'set-sysctl', 'set-route']) {
    assert.ok(steps.includes(kind), kind)
  }
  assert.deepEqual((await inside(sampleConfig())).steps, [])
})

test('what a new configuration does not name goes: twin, routes, rule; the NIC comes back', async () => {
  const config = sampleConfig()
  config.uplinks.pop()
  config.lans.pop()
  config.segments.pop()
  config.peers[0].segments = { office: ['10.0.0.0/16'] }
  await inside(config)
  assert.deepEqual((await inside(config)).steps, [])
  const links = ip('-n', space, 'link')
  assert.doesNotMatch(links, /(cams|lte0|seg-cameras)/)
  assert.match(links, /enp3s0@/)
  assert.doesNotMatch(ip('-n', space, 'route', 'show', 'table', 'all'), /10\.9\.0\.0/)
})

test('an interface that is no twin is not taken for one', async () => {
  ip('-n', space, 'link', 'add', 'cams', 'type', 'veth', 'peer', 'name', 'x-cams')
  assert.equal((await inside(sampleConfig())).failure?.code, 'HOST_TWIN_TAKEN')
})
