/**
 * What a blank box comes with: what its image made of its NICs (factory.yaml), and, where somebody said it on the box, where its
 * controller is. No key, no peer, nothing of its owner but a root's public half.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import { controllerAddress, controllerPort, rootFile } from './controller-place.ts'
import type { ControllerDescription, LabDescription } from './description.ts'
import type { LabNames } from './names.ts'
import { uplinksOfSite } from './site-files.ts'

export function writeBlankFiles(
  description: LabDescription,
  names: LabNames,
  controller: ControllerDescription,
): void {
  for (const site of description.sites) {
    const folder = `/etc/causeway/${names.instance(site.name)}`
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    const factory: DeviceConfig = {
      version: 1,
      revision: 0,
      site: 'blank',
      tenant: '00000000-0000-4000-8000-000000000000',
      overlay: { port: 51820 },
      uplinks: uplinksOfSite(site),
      segments: [],
      lans: [],
      peers: [],
    }
    writeFileSync(`${folder}/factory.yaml`, stringify(factory))
    const settings = settingsOf(names, controller)
    if (settings !== null) writeFileSync(`${folder}/controller.yaml`, stringify(settings))
  }
}

function settingsOf(names: LabNames, { toldBy, hasRoot }: ControllerDescription): object | null {
  const place = `${controllerAddress}:${controllerPort}`
  const settings = {
    ...(toldBy === 'file' ? { controllers: [place] } : {}),
    ...(hasRoot ? { roots: [readFileSync(`${rootFile(names)}.pub`, 'utf8')] } : {}),
  }
  return Object.keys(settings).length === 0 ? null : settings
}
