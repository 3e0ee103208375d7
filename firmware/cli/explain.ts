/** `causeway explain FROM[:PORT] TO[:PORT] [PROTOCOL]`: reads a flow as people write it, and asks the gateway why it is so. */
import { parseAddress, parseEndpoint } from '../model/address.ts'
import { Dscp } from '../model/device-config-fields.ts'
import { type FormSchema, isLeafSound, wordsOf } from '../model/device-config-form.ts'
import type { ExplainAnswer, ExplainRequest } from '../model/local-api-explain.ts'
import { type Call, type ExitCode, exitCode, Misuse, meantText, show } from './call.ts'
import { explainText } from './explain-text.ts'

export async function explain(call: Call): Promise<ExitCode> {
  const [, from, to, protocol, ...rest] = call.words
  if (from === undefined || to === undefined || rest.length > 0) {
    throw new Misuse('explain takes FROM TO and, if need be, a PROTOCOL')
  }
  const { address: source, port: fromPort } = placeOf(from)
  const { address: destination, port: toPort } = placeOf(to)
  const { dscp, server, segment } = call.marks
  const post: ExplainRequest = {
    from: source,
    to: destination,
    ...(fromPort === null ? {} : { fromPort }),
    ...(toPort === null ? {} : { toPort }),
    ...(protocol === undefined ? {} : { protocol: protocolOf(protocol) }),
    ...(dscp === undefined ? {} : { dscp: dscpOf(dscp) }),
    ...(server === undefined ? {} : { server }),
    ...(segment === undefined ? {} : { segment }),
  }
  const { passes } = await show<ExplainAnswer>(call, '/api/v1/explain', explainText, { post })
  return passes ? exitCode.done : exitCode.failed
}

/** `10.1.0.10`, `10.1.0.10:443`, `fd00::1`, `[fd00::1]`, `[fd00::1]:443` */
function placeOf(text: string): { readonly address: string; readonly port: number | null } {
  const bare = text.replace(/^\[([^\]]*)\]$/, '$1')
  if (parseAddress(bare) !== null) return { address: bare, port: null }
  const endpoint = parseEndpoint(text)
  if (endpoint !== null) return endpoint
  throw new Misuse(`'${text}' is none of 10.1.0.10, 10.1.0.10:443, fd00::1 and [fd00::1]:443`)
}

const dscpForm = Dscp as unknown as FormSchema
/** What the configuration says of marks. */
export const dscpWords = wordsOf(dscpForm)

/** As in a configuration, numbers as YAML 1.2 writes them; in either case. */
function dscpOf(text: string): Dscp {
  const isNumber = /^(\d+|0x[\da-f]+|0o[0-7]+)$/i.test(text)
  const dscp = isNumber ? Number(text) : text.toLowerCase()
  if (isLeafSound(dscpForm, dscp)) return dscp as Dscp
  throw new Misuse(`--dscp must be ${dscpWords}; this is '${text}'`)
}

const names = ['tcp', 'udp', 'icmp'] as const

function protocolOf(text: string): NonNullable<ExplainRequest['protocol']> {
  const word = text.toLowerCase()
  const name = names.find((one) => one === word || (word === 'icmp6' && one === 'icmp'))
  if (name !== undefined) return name
  const number = Number(text)
  if (/^\d{1,3}$/.test(text) && number >= 1 && number <= 255) return number
  throw new Misuse(`there is no protocol '${text}'${meantText(word, names)}`)
}
