/** What a supervisor is told of this process, on a real socket of the kind that systemd has. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { beatMs, tellSupervisor } from '../../../firmware/host/system/supervisor.ts'

/** Prints each datagram as a line, `ready` first: Node itself has no such sockets. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1]); print("ready", flush=True)
while True: print(s.recv(256).decode(), flush=True)
`

test('ready, alive as often as wanted, stopping: each is heard', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-notify-'))
  const path = join(folder, 'notify')
  const child = spawn('python3', ['-c', listener, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const lines = child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })
    let text = ''
    const heard = async (word: string): Promise<void> => {
      while (!text.includes(`${word}\n`)) text += (await lines.next()).value
    }
    await heard('ready')
    const told = tellSupervisor({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '30000' })
    await heard('READY=1')
    const keep = setInterval(() => {}, 1_000)
    await heard('WATCHDOG=1\nWATCHDOG=1')
    clearInterval(keep)
    told[Symbol.dispose]()
    await heard('STOPPING=1')
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

test('without a supervisor nothing is said, and with one that is gone nothing fails', () => {
  tellSupervisor({})[Symbol.dispose]()
  tellSupervisor({ NOTIFY_SOCKET: '/nowhere/at/all' })[Symbol.dispose]()
})

test('a third of what the watchdog waits for, if it is this process that it waits for', () => {
  assert.equal(beatMs({ WATCHDOG_USEC: '60000000' }, 7), 20_000)
  assert.equal(beatMs({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' }, 7), 20_000)
  assert.equal(beatMs({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' }, 7), null)
  assert.equal(beatMs({}, 7), null)
  assert.equal(beatMs({ WATCHDOG_USEC: 'soon' }, 7), null)
})
