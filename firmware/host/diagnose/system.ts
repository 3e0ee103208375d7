/** The real `Tools`: child processes, Node's resolver (c-ares) and HTTP client, and iproute2. */
import { Resolver } from 'node:dns/promises'
import { request } from 'node:http'
import { isIPv6 } from 'node:net'
import { run } from '../system/command.ts'
import { follow } from '../system/follow.ts'
import { closeDoor, openDoor } from './door.ts'
import type { NameAnswer, NameQuestion, PageQuestion, Tools } from './tools.ts'

const mostRecords = 32
const nameMs = { timeout: 2_000, tries: 2 } as const
const pageMs = 5_000

export function systemTools(): Tools {
  return { follow, ask, page, neighbour, openDoor, closeDoor }
}

async function ask({ name, type, servers, from, signal }: NameQuestion): Promise<NameAnswer> {
  const resolver = new Resolver(nameMs)
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    if (servers.length > 0) resolver.setServers(servers)
    if (from !== null) {
      if (isIPv6(from)) resolver.setLocalAddress('0.0.0.0', from)
      else resolver.setLocalAddress(from)
    }
    const found = type === 'PTR' ? await resolver.reverse(name) : await resolver.resolve(name, type)
    const records = (Array.isArray(found) ? found : [found]).slice(0, mostRecords).map(recordText)
    return { records, code: records.length === 0 ? 'ENODATA' : null }
  } catch (error) {
    return { records: [], code: (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN' }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** `10 mail.example`, `0 5 5060 sip.example`, texts as they are. */
function recordText(record: unknown): string {
  if (typeof record === 'string') return record
  if (Array.isArray(record)) return record.join('')
  return Object.values(record as object).join(' ')
}

function page({
  address,
  port,
  host,
  path,
  from,
  signal,
}: PageQuestion): Promise<{ status: number; to: string } | null> {
  return new Promise((resolve) => {
    const asked = request(
      { host: address, port, path, localAddress: from, agent: false, signal, headers: { host } },
      (response) => {
        resolve({ status: response.statusCode ?? 0, to: response.headers.location ?? '' })
        // What it says is nobody's business here.
        response.destroy()
      },
    )
    asked.setTimeout(pageMs, () => asked.destroy())
    asked.on('error', () => resolve(null))
    asked.on('close', () => resolve(null))
    asked.end()
  })
}

/** Format: `ip -json neigh show`. */
async function neighbour(device: string, address: string): Promise<string | null> {
  const text = await run(['ip', '-json', 'neigh', 'show', 'to', address, 'dev', device])
  const [found] = JSON.parse(text.trim() === '' ? '[]' : text) as {
    readonly lladdr?: string
    readonly state?: readonly string[]
  }[]
  if (found?.lladdr === undefined || found.state?.includes('FAILED')) return null
  return found.lladdr
}
