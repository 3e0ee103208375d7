/**
 * What a blank box comes with: what its image made of its NICs (factory.yaml), and, where somebody said it on the box, where its
 * controller is. No key, no peer, nothing of its owner but a root's public half.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import { controllerAddress, controllerPort, rootFile } from './controller-place.ts'
import type { ControllerDescription, LabDescription, SiteDescription } from './description.ts'
import type { LabNames } from './names.ts'
import { lansOfSite, uplinksOfSite } from './site-files.ts'

/** All boxes that somebody is to set up: those of a controller, and those that are described so. */
export function writeBlankFiles(description: LabDescription, names: LabNames): void {
  const { controller } = description
  for (const site of description.sites) {
    if (controller === undefined && site.isBlank !== true) continue
    const folder = `/etc/causeway/${names.instance(site.name)}`
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    writeFileSync(`${folder}/factory.yaml`, stringify(factoryConfig(description, site)))
    const settings = controller === undefined ? null : settingsOf(names, controller)
    if (settings !== null) writeFileSync(`${folder}/controller.yaml`, stringify(settings))
  }
}

/** Its LANs are those in which it shows its page. */
function factoryConfig(
  { segments }: Pick<LabDescription, 'segments'>,
  site: SiteDescription,
): DeviceConfig {
  const admins = segments.filter(({ admin }) => admin === true)
  const lans = lansOfSite(site).filter(({ segment }) => admins.some(({ name }) => name === segment))
  return {
    version: 1,
    revision: 0,
    site: 'blank',
    tenant: '00000000-0000-4000-8000-000000000000',
    overlay: { port: 51820 },
    uplinks: uplinksOfSite(site.isBlank === true ? withDhcp(site) : site),
    ...{ segments: [...admins], lans, peers: [] },
  }
}

function withDhcp(site: SiteDescription): SiteDescription {
  return { ...site, wans: site.wans.map((wan) => ({ ...wan, isDhcp: true })) }
}

function settingsOf(names: LabNames, { toldBy, hasRoot }: ControllerDescription): object | null {
  const place = `${controllerAddress}:${controllerPort}`
  const settings = {
    ...(toldBy === 'file' ? { controllers: [place] } : {}),
    ...(hasRoot ? { roots: [readFileSync(`${rootFile(names)}.pub`, 'utf8')] } : {}),
  }
  return Object.keys(settings).length === 0 ? null : settings
}
