/** Where a lab's controller is: in a namespace of its own, on a network of RFC 2544 behind the internet. */
import type { ControllerDescription } from './description.ts'
import type { LabNames } from './names.ts'

export const controllerAddress = '198.18.0.2'
export const controllerGateway = '198.18.0.1'
export const controllerPort = 8443

/** What an access network's DHCP server says besides (dnsmasq): option 143, RFC 8572 §8.3. */
export function dhcpHints(controller: ControllerDescription | undefined): string[] {
  if (controller?.toldBy !== 'dhcp') return []
  const uri = Buffer.from(`https://${controllerAddress}:${controllerPort}`)
  const bytes = Buffer.concat([Buffer.from([0, uri.length]), uri])
  return [
    `--dhcp-option=143,${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`,
  ]
}

/** The owner's root, which no box has; with `.pub` behind it, its public half. */
export function rootFile(names: LabNames): string {
  return `${controllerFolder(names)}/root.key`
}

export function controllerFolder(names: LabNames): string {
  return `/var/lib/causeway/${names.instance('controller')}`
}
