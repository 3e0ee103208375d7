/** The command line as its user meets it: exit codes, text, JSON; and the processes behind the launcher. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { statusText } from '../../../firmware/cli/text.ts'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import { version } from '../../../firmware/model/version.ts'
import { noChanges } from '../gateway/sample-answers.ts'
import { nothingElse } from '../gateway/sample-system.ts'
import { sampleReach } from '../plan/sample-reach.ts'
import { cli, root } from './shell.ts'

/** Of a process that should end, or say something, much sooner. */
const deadline = { timeout: 30_000, killSignal: 'SIGKILL' } as const

test('the version is that of package.json', async () => {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  assert.equal(version, (JSON.parse(text) as { version: string }).version)
  assert.equal((await cli('--version')).out, `causeway ${version}\n`)
})

test('what makes no sense is 2, with one line that names the mistake', async () => {
  for (const [mistake, ...argv] of [
    ['a command is needed'],
    ["there is no command 'fly'", 'fly'],
    ['check takes one FILE', 'check'],
    ['check takes one FILE', 'check', 'a', 'b'],
    ["status takes no 'x'", 'status', 'x'],
    ["there is no 'config fly'", 'config', 'fly'],
    ["there is no command 'chek': did you mean 'check'?", 'chek', 'a'],
    ["there is no 'config hist': did you mean 'history'?", 'config', 'hist', '1'],
    ["Unknown option '--wings'", '--wings'],
    ["'../x' names no instance", 'status', '--instance', '../x'],
  ] as const) {
    const err = `causeway: ${mistake}; see causeway --help\n`
    assert.deepEqual(await cli(...argv), { code: 2, out: '', err })
  }
  const { code, out } = await cli('--help')
  assert.equal(code, 0)
  assert.match(out, /^Usage: causeway/)
})

test('status: 3 without a gateway; else what it says, for people or programs', async () => {
  const nobody = await cli('status')
  assert.equal(nobody.code, 3)
  const start = 'start it: systemctl start causeway-gateway'
  assert.equal(nobody.err, `API_UNREACHABLE no gateway 'main' runs here; ${start}\n`)
  const api = await openApi({
    socketPath: placesOf('main', root).apiSocket,
    status: () => sampleStatus,
    drops: () => ({
      sinceSeconds: 3,
      total: 5,
      reasons: { replay: 5, tag: 0 },
      meanings: { replay: 'Twice.', tag: '' },
    }),
    metrics: () => ({ text: '', type: 'text/plain' }),
    paths: () => ({ peers: [] }),
    sessions: () => [],
    denials: () => [sampleDenial],
    explain: () => assert.fail(),
    subscribe: (listener) => {
      listener({ kind: 'status', status: sampleStatus })
      setImmediate(() => listener({ kind: 'peer', peer: 'hub-1', state: 'down' }))
      return () => {}
    },
    ...{ config: noChanges, ...nothingElse, onFault: () => {} },
  })
  const other = await cli('status', '--instance', 'second')
  const running = 'running (--instance): main'
  assert.equal(other.err, `API_UNREACHABLE no gateway 'second' runs here; ${running}\n`)
  assert.equal((await cli('status')).out, statusText(sampleStatus))
  assert.deepEqual(JSON.parse((await cli('status', '--json')).out), sampleStatus)
  assert.match(
    (await cli('drops')).out,
    /^5 packets dropped in 3 s\n\nREASON {2}PACKETS\nreplay {2}5 {8}Twice\.\n$/,
  )
  assert.deepEqual(await cli('health'), { code: 0, out: 'all is well\n', err: '' })
  assert.equal((await cli('sessions')).out, 'no peer is configured\n')
  assert.equal((await cli('paths')).out, 'no peer is configured\n')
  assert.match(
    (await cli('denials')).out,
    /^WHEN .*\n3 s ago {2}10\.1\.0\.10:4000 {2}10\.9\.0\.1:80 {2}tcp .* office > cameras {2}default {2}– .* acl\n$/,
  )
  const followed = cli('events')
  await new Promise((resolve) => setTimeout(resolve, 300))
  await api[Symbol.asyncDispose]()
  const { code, out } = await followed
  assert.equal(code, 3)
  const [first, second, ...more] = out.split('\n')
  assert.match(first!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}all is well$/)
  assert.match(second!, /Z {2}peer hub-1 is down$/)
  assert.deepEqual(more, [''])
})

test('a gateway that has ended, and one that only root may ask, are told apart', async () => {
  const { apiSocket, runFolder } = placesOf('ended', root)
  await mkdir(runFolder, { recursive: true })
  const script = 'require("net").createServer().listen(process.argv[1], () => process.exit())'
  const child = spawn(process.execPath, ['-e', script, apiSocket], deadline)
  await once(child, 'exit')
  const ended = await cli('events', '--instance', 'ended')
  assert.equal(
    ended.err,
    "API_UNREACHABLE gateway 'ended' has ended; start it: systemctl start causeway-gateway\n",
  )
  await cli('key', '--instance', 'ended')
  const { wireKey } = placesOf('ended', root)
  // The folder of the test is root's alone, as a box's are.
  process.seteuid!(65_534)
  try {
    const status = await cli('status', '--instance', 'ended')
    assert.equal(status.err, `API_UNREACHABLE may not open ${apiSocket}: needs root\n`)
    const key = await cli('key', '--instance', 'ended')
    assert.equal(key.err, `STORE_KEY_PERMISSIONS may not read ${wireKey}: needs root\n`)
  } finally {
    process.seteuid!(0)
  }
})

test('config show says who or what took the last change back, with the detail', async () => {
  const code = 'CONFIG_NOT_APPLIED'
  const reason = { code, message: 'could not be applied', detail: 'there is no NIC eth9' }
  await using _ = await openApi({
    socketPath: placesOf('shown', root).apiSocket,
    status: () => assert.fail(),
    drops: () => assert.fail(),
    paths: () => assert.fail(),
    metrics: () => assert.fail(),
    ...{ sessions: () => [], denials: () => [], explain: () => assert.fail() },
    subscribe: () => () => {},
    ...nothingElse,
    config: {
      ...noChanges,
      show: () => ({
        source: 'file',
        revision: 2,
        sha256: null,
        text: 'revision: 2\n',
        pendingChange: null,
        nextRevision: 3,
        lastChange: { revision: 3, result: 'taken-back', reason },
        refusals: [],
      }),
    },
    onFault: (error) => assert.fail(String(error)),
  })
  const { out, err } = await cli('config', 'show', '--instance', 'shown')
  assert.equal(out, 'revision: 2\n')
  const fate = 'revision 3 was taken back: could not be applied (there is no NIC eth9)'
  assert.equal(err, `# revision 2, from device.yaml\n# ${fate}\n`)
})

const sampleDenial = {
  ageSeconds: 3,
  peer: '',
  source: '10.1.0.10',
  destination: '10.9.0.1',
  protocol: 6,
  sourcePort: 4000,
  destinationPort: 80,
  segment: 'office',
  toSegment: 'cameras',
  rule: '',
  reason: 'acl',
  meaning: 'A rule denies it.',
  suppressed: 0,
}

const sampleStatus: Status = {
  version,
  instance: 'main',
  site: 'berlin',
  revision: 42,
  configSource: 'file',
  ...{ isApplied: true, absentNics: [] },
  pendingChange: null,
  relaying: null,
  isHealthy: true,
  health: 'all is well',
  problems: [],
  wireKey: 'k',
  uptimeSeconds: 200,
  datapathUptimeSeconds: 300,
  ...{ uplinks: [], segments: [] },
  peers: [
    {
      name: 'hub-1',
      role: 'hub',
      state: 'up',
      endpoint: '198.51.100.7:51820',
      rttSeconds: 0.00123,
      lastHeardSeconds: 0,
      lastError: null,
      throughput: { rxBitsPerSecond: 1.5e9, txBitsPerSecond: 900 },
      uplink: 'wan0',
      paths: { up: 1, down: 1, untried: 2 },
      reach: sampleReach(),
    },
  ],
}

test('the status table reads well', () => {
  assert.equal(
    statusText(sampleStatus),
    [
      'berlin, revision 42, up 3 min: all is well',
      '',
      'PEER   STATE  BY    PATHS UP           ENDPOINT            RTT      IN          OUT',
      'hub-1  up     wan0  1 of 2, 2 untried  198.51.100.7:51820  1.23 ms  1.5 Gbit/s  900 bit/s',
      '',
    ].join('\n'),
  )
})

test('a peer that is not up comes with the code of what failed', () => {
  const peers = sampleStatus.peers.map((peer) => ({
    ...peer,
    state: 'connecting' as const,
    lastError: 'SESSION_TIMEOUT',
  }))
  assert.match(statusText({ ...sampleStatus, peers }), /^hub-1 {2}connecting \(SESSION_TIMEOUT\) /m)
})

test('key prints the same public key each time', async () => {
  const first = await cli('key')
  assert.equal(first.err, `made a new key: ${placesOf('main', root).wireKey}\n`)
  assert.match(first.out, /^[A-Za-z0-9+/]{43}=\n$/)
  assert.deepEqual(await cli('key'), { ...first, err: '' })
})

const launcher = new URL('../../../build/causeway', import.meta.url).pathname

test('the launcher finds its way through links; a role that there is none of is 2', async () => {
  const link = join(root, 'causeway')
  await symlink(launcher, link)
  const second = join(root, 'second')
  await symlink('causeway', second)
  const child = spawn(second, ['orchestrator'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...deadline,
  })
  child.stderr.resume()
  assert.deepEqual(await once(child, 'exit'), [2, null])
})

test('a process that is started wrongly says so in one line', async () => {
  const child = spawn(launcher, ['datapath', '--wings'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...deadline,
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  assert.deepEqual(await once(child, 'close'), [2, null])
  assert.equal(said, "causeway: Unknown option '--wings'; see causeway --help\n")
})

test('the gateway process lives without a configuration, logs JSON, and ends with 0 on SIGTERM, twice or once', async () => {
  const child = spawn(launcher, ['gateway', '--root', root, '--instance', 'run'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...deadline,
  })
  let text = ''
  const refused = Promise.withResolvers<void>()
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    if (text.includes('configuration refused')) refused.resolve()
  })
  child.on('close', () => refused.reject(new Error(`it ends: ${text}`)))
  await refused.promise
  const startedAt = performance.now()
  child.kill('SIGTERM')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.ok(performance.now() - startedAt < 2_000)
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const known = ['level', 'time', 'role', 'instance', 'msg', 'code', 'path', 'detail', 'revision']
  for (const line of lines) for (const key of Object.keys(line)) assert.ok(known.includes(key), key)
  assert.equal(lines.at(-1)?.msg, 'gateway stopped')
})
