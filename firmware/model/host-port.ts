/** Where a controller, or a proxy on the way to one, listens: a name or an address, and a port. */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { closed } from './device-config-words.ts'

/** Of one owner. */
export const mostControllers = 4
const HostName = Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$' })
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })

/** Where a controller, or a proxy on the way to it, listens. */
export const HostPort = Type.Object({ host: HostName, port: Port }, closed)
export type HostPort = Static<typeof HostPort>

/** Where a controller listens unless told. */
export const controllerPort = 8_443

/**
 * `controller.example.net:8443`, `192.0.2.1`, `[2001:db8::1]:443`. Null: it is none.
 * @param usual the port unless one is told
 */
export function parseHostPort(text: string, usual = controllerPort): HostPort | null {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? usual : Number(digits)
  const read = { host, port }
  return hostPortForm.Check(read) ? (read as HostPort) : null
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export const HostPortText = Type.String({
  pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9][A-Za-z0-9.-]{0,252})(:[0-9]{1,5})?$',
  title: 'a name or an address, with a port',
  examples: ['controller.example.net:8443'],
})

export const Controllers = Type.Array(HostPortText, {
  minItems: 1,
  maxItems: mostControllers,
})

const hostPortForm = Compile(HostPort)
