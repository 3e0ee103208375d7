/**
 * Where things of an instance lie, after the File System Hierarchy Standard 3.0. The one home of these names.
 */
import { join } from 'node:path'

export const defaultInstance = 'main'

export interface Places {
  readonly instance: string
  /** What the admin wrote: /etc/causeway/NAME/device.yaml. */
  readonly config: string
  /** What a blank box runs: made by its image. */
  readonly factoryConfig: string
  /** Where controllers are, as whoever set the box up said. */
  readonly controllerSettings: string
  /** The same from a USB stick, as long as it is in. */
  readonly usbSettings: string
  /** Public keys that an image trusts to vouch for owners. */
  readonly imageRoots: string
  readonly deviceKey: string
  /** Is there between the word that the box be blank, and its being so. */
  readonly resetOrder: string
  /** Whom the box has. */
  readonly ownerRecord: string
  /** What was ordered of its firmware, while it starts anew for it, and what came of it. */
  readonly orderRecord: string
  /** What of the owner's configurations was kept last, as it was signed. */
  readonly signedRecord: string
  readonly runFolder: string
  readonly apiSocket: string
  readonly datapathSocket: string
  /** What of the running program the gateway remembers while the machine is up. */
  readonly programRecord: string
  /** Which prefixes the gateway kept inside. */
  readonly insideRecord: string
  /** Where peers were heard last. */
  readonly whereaboutsRecord: string
  /** Notes, configurations and leases of the programs beside. */
  readonly serviceFolder: string
  /** Recordings of packets, for minutes. */
  readonly captureFolder: string
  /** What dnsmasq has lent. */
  readonly dnsmasqLeases: string
  readonly wireKey: string
  /** Keys of the device, or of a controller's owner. */
  readonly keyFolder: string
  /** What a controller keeps; of a gateway, who may use the box. */
  readonly storeFolder: string
  /** Files for boxes that a controller has. */
  readonly firmwareFolder: string
  /** Of a controller without users: a token for whoever makes the first one. */
  readonly setupToken: string
  /** The built web UI. */
  readonly webuiFolder: string
  /** Keys and certificates for HTTPS in the LANs, one for each address. */
  readonly lanCertificates: string
  /** The same of version 0.1.0, one for all addresses. */
  readonly oldLanCertificate: string
  /** Configurations that ran here, and one that is tried. */
  readonly configFolder: string
  /** How uplinks and peers were, and what happened. */
  readonly historyFolder: string
  /** Is there where the whole machine is the gateway's: it may be restarted and updated. */
  readonly applianceMark: string
  /** Of an appliance: which version of its image runs. */
  readonly osRelease: string
  /** Of an appliance: what RAUC may write, and whom it trusts. */
  readonly raucConfig: string
  /** Of an appliance: the program that knows which slot is started. */
  readonly slotsProgram: string
  /** Of an update on its way into a slot; RAUC's own notes lie there too. */
  readonly updateFolder: string
  /** What became of the last one. */
  readonly slotNote: string
  /** Is there between the word that the box become another, and its being so. */
  readonly restoreOrder: string
  /** What the machine had of NICs when the first configuration was made of them. */
  readonly machineNics: string
  /** The same since the machine is up, also of those that the kernel does not see any more. */
  readonly nicInventory: string
  /** What the running configuration wants of the machine; the gateway writes it. */
  readonly wantedHardware: string
  /** The same, once `causeway prepare` has done what it could. */
  readonly settledHardware: string
  /** Which port is the recovery port now. */
  readonly recoveryRecord: string
  readonly recoveryConf: string
  /** Whom programs of the box ask for names: /etc/resolv.conf of an appliance leads here. */
  readonly resolver: string
  /** What the datapath's unit starts it with. */
  readonly datapathEnvironment: string
  /** Name of the network namespace for the NICs. */
  readonly nicNetns: string
}

/** What `--instance` may be: also a part of a namespace's name and of socket paths (at most 107 bytes). */
export function isInstanceName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(name)
}

/** @param root `/`, or a folder that stands for it in tests */
export function placesOf(instance: string, root = '/'): Places {
  const run = join(root, 'run/causeway', instance)
  const lib = join(root, 'var/lib/causeway', instance)
  return {
    instance,
    config: join(root, 'etc/causeway', instance, 'device.yaml'),
    factoryConfig: join(root, 'etc/causeway', instance, 'factory.yaml'),
    controllerSettings: join(root, 'etc/causeway', instance, 'controller.yaml'),
    usbSettings: join(run, 'usb/controller.yaml'),
    imageRoots: join(root, 'usr/share/causeway/roots'),
    webuiFolder: join(root, 'usr/share/causeway/webui'),
    deviceKey: join(lib, 'keys/device.key'),
    resetOrder: join(lib, 'reset'),
    ownerRecord: join(lib, 'owner.json'),
    orderRecord: join(lib, 'firmware.json'),
    signedRecord: join(lib, 'signed.json'),
    runFolder: run,
    apiSocket: join(run, 'api.sock'),
    datapathSocket: join(run, 'datapath.sock'),
    programRecord: join(run, 'program.json'),
    insideRecord: join(run, 'inside.json'),
    whereaboutsRecord: join(lib, 'whereabouts.json'),
    serviceFolder: join(run, 'services'),
    captureFolder: join(run, 'captures'),
    dnsmasqLeases: join(lib, 'dnsmasq.leases'),
    wireKey: join(lib, 'keys/wire.key'),
    keyFolder: join(lib, 'keys'),
    storeFolder: join(lib, 'store'),
    firmwareFolder: join(lib, 'firmware'),
    setupToken: join(lib, 'setup-token'),
    lanCertificates: join(lib, 'keys/lan'),
    oldLanCertificate: join(lib, 'keys/lan.pem'),
    configFolder: join(lib, 'config'),
    historyFolder: join(lib, 'history'),
    applianceMark: join(root, 'etc/causeway/appliance'),
    osRelease: join(root, 'etc/os-release'),
    raucConfig: join(root, 'etc/rauc/system.conf'),
    slotsProgram: join(root, 'usr/lib/causeway/slots'),
    updateFolder: join(root, 'data/update'),
    slotNote: join(root, 'data/update/causeway.json'),
    restoreOrder: join(lib, 'restore'),
    machineNics: join(lib, 'nics.json'),
    nicInventory: join(run, 'nics.json'),
    wantedHardware: join(run, 'wanted.json'),
    settledHardware: join(run, 'settled.json'),
    recoveryRecord: join(run, 'recovery.json'),
    recoveryConf: join(run, 'recovery-dnsmasq.conf'),
    resolver: join(root, 'run/causeway/resolv.conf'),
    datapathEnvironment: join(run, 'datapath.env'),
    nicNetns: `causeway-${instance}`,
  }
}
