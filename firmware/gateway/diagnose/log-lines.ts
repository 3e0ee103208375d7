/** The log's lines in the words of the local API: which level, what they are about, what else they say. Pure. */
import { type LogLine, logAreas, logLevels } from '../../model/local-api-log.ts'

type Area = LogLine['area']

export interface WrittenLine {
  readonly number: number
  readonly text: string
}

/** Those that were cut, or are no JSON, are there as a message. */
export function logLine({ number, text }: WrittenLine): LogLine {
  const { level, time, msg, role: _, instance: __, ...rest } = read(text)
  const fields = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
  return {
    number,
    time: typeof time === 'string' ? time : '',
    level: logLevels.find((one) => one === level) ?? (level === 'fatal' ? 'error' : 'info'),
    area: areaOf(fields, typeof msg === 'string' ? msg : ''),
    message: typeof msg === 'string' ? msg : text,
    fields,
  }
}

function read(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** By what an error's code begins with. */
const areaOfCode: Readonly<Record<string, Area>> = {
  CONFIG: 'config',
  DATAPATH: 'datapath',
  API: 'api',
  LINK: 'controller',
  ZTP: 'controller',
  FLEET: 'controller',
  HOST: 'host',
  STORE: 'store',
  SESSION: 'peer',
  WIRE: 'peer',
}

function areaOf(fields: Readonly<Record<string, string>>, message: string): Area {
  if (message === 'packet denied') return 'policy'
  const { code = '', peer, path, uplink, segment, revision } = fields
  const [, prefix = ''] = /^([A-Z0-9]+)_/.exec(code) ?? []
  if (peer !== undefined) return 'peer'
  if (path !== undefined) return 'path'
  if (uplink !== undefined) return 'uplink'
  if (segment !== undefined) return 'segment'
  const named = areaOfCode[prefix]
  if (named !== undefined) return named
  if (revision !== undefined) return 'config'
  return logAreas.find((area) => message.includes(area)) ?? 'gateway'
}
