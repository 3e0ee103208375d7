/** Debian itself as a tree in a tar: what a slot's root is before anything of ours is in it, and the place where the native module is built. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run, say } from './command.ts'
import { fetchDebs, makeRepository } from './debs.ts'
import { needEmulator } from './emulator.ts'
import { kept } from './kept.ts'
import { mirrorsHere, suite } from './lock.ts'
import { type Lock, type Purpose, parseList } from './package-list.ts'
import type { Place } from './place.ts'
import type { Target } from './target.ts'

/**
 * Kernel modules, by folder or file: sound, radio and pictures, virtual machines of its own, other hosts' file systems and disks by network,
 * most RAID and SAS controllers. What another module needs stays: `mtd` for NICs of Solarflare, `pcmcia` for what hangs on `ssb`, `md` for RAUC's verity.
 */
const modulesLeftOut = [
  ...['sound', 'arch/*/kvm'],
  ...words(
    'drivers',
    `accel atm bluetooth cdrom comedi firewire gpu hwmon/pmbus iio input/joystick
     input/misc/pcspkr.* input/mouse input/serio/serio_raw.* input/tablet input/touchscreen isdn media memstick
     net/wireless nfc parport scsi/sg.* scsi/sr_mod.* scsi/st.* slimbus soundwire staging target vdpa vhost video`,
  ),
  ...words(
    'drivers/scsi',
    `aacraid aic7xxx aic94xx arcmsr be2iscsi bfa bnx2fc bnx2i csiostor cxgbi esas2r fcoe fnic isci libfc lpfc megaraid mpi3mr
     mpt3sas mvsas pm8001 qedf qedi qla2xxx qla4xxx smartpqi snic sym53c8xx_2`,
  ),
  ...words(
    'fs',
    `9p afs bcachefs btrfs cachefiles ceph coda dlm f2fs gfs2 hfs hfsplus jffs2 jfs nfs nfsd nilfs2 ocfs2 orangefs reiserfs smb
     ubifs xfs`,
  ),
  ...words(
    'net',
    `6lowpan 9p appletalk atm ax25 batman-adv bluetooth can ceph ieee802154 mac80211 mac802154 netrom nfc rds rose rxrpc smc
     sunrpc tipc wireless`,
  ),
]

/** What udev would ask each device at each start: whether it is a joystick. */
const rulesLeftOut = words(
  '/usr/lib/udev/rules.d',
  `60-cdrom_id 60-drm 60-evdev 60-fido-id 60-persistent-alsa 60-persistent-input 60-persistent-storage-mtd 60-persistent-storage-tape
   60-persistent-v4l 60-sensor 64-btrfs 70-camera 70-joystick 70-mouse 70-touchpad 70-uaccess 71-seat 73-seat-late 75-probe_mtd
   78-sound-card 90-iocost 96-e2scrub`,
).map((path) => `${path}.rules`)

/** Nobody reads manuals on a box. */
const leftOut = [
  ...rulesLeftOut,
  ...['doc', 'man', 'locale', 'info'].map((folder) => `/usr/share/${folder}/*`),
  ...modulesLeftOut.map(
    (path) => `/usr/lib/modules/*/kernel/${path}${path.endsWith('*') ? '' : '/*'}`,
  ),
]
/** Licences stay. */
const stays = ['/usr/share/doc/*/copyright']

/** Of image/initramfs, where Debian looks for them. */
const ownFiles: Readonly<Record<string, string>> = {
  settings: '/etc/initramfs-tools/conf.d/causeway',
  modules: '/etc/initramfs-tools/modules',
  'hooks/causeway': '/etc/initramfs-tools/hooks/causeway',
  'scripts/init-bottom/causeway': '/etc/initramfs-tools/scripts/init-bottom/causeway',
  'plain-modules': '/etc/kernel/postinst.d/00-causeway',
}

/** @returns a tar, kept until something that it is made from differs */
export async function debianRoot(place: Place, target: Target, lock: Lock) {
  const initramfs = join(place.source, 'image/initramfs')
  const files = Object.keys(ownFiles)
  const texts = await Promise.all(files.map((file) => readFile(join(initramfs, file), 'utf8')))
  const own = await readFile(import.meta.filename, 'utf8')
  const from = [recipe(lock, 'root'), ...texts, own, String(lock.epoch)]
  return kept(place, { stem: `root-${target.name}`, from, ending: '.tar' }, async (tar) => {
    const copies = Object.entries(ownFiles).map(
      ([file, path]) => `install -D -m 755 '${initramfs}/${file}' "$1${path}"`,
    )
    // Before the kernel comes, whose set-up makes the initrd: it is made once, on ARM64 by an emulated processor.
    await bootstrap(place, target, lock, 'root', tar, [
      ...[...leftOut.map((path) => `--dpkgopt=path-exclude=${path}`)],
      ...[...stays.map((path) => `--dpkgopt=path-include=${path}`)],
      ...['--dpkgopt=force-confold', `--essential-hook=${copies.join(' && ')}`],
    ])
  })
}

/** @returns a folder, kept until something that it is made from differs */
export async function buildRoot(place: Place, target: Target, lock: Lock) {
  const own = await readFile(import.meta.filename, 'utf8')
  const from = [recipe(lock, 'build'), own]
  return kept(place, { stem: `build-${target.name}`, from }, async (folder) => {
    const more = target.debian === 'amd64' ? [] : [`--architectures=amd64,${target.debian}`]
    await bootstrap(place, target, lock, 'build', folder, more)
  })
}

function words(folder: string, names: string): string[] {
  return names.split(/\s+/).map((name) => `${folder}/${name}`)
}

function recipe({ packages }: Lock, purpose: Purpose): string {
  const mine = packages.filter((one) => one.purpose === purpose)
  return mine.map(({ sha256 }) => sha256).join('\n')
}

async function bootstrap(
  place: Place,
  target: Target,
  lock: Lock,
  purpose: Purpose,
  output: string,
  more: readonly string[],
): Promise<void> {
  const list = await readFile(join(place.source, `image/packages/${purpose}.txt`), 'utf8')
  const mine = lock.packages.filter((one) => one.purpose === purpose)
  const files = await fetchDebs(mine, join(place.cache, 'debs'), mirrorsHere)
  const repository = join(place.cache, `repository-${target.name}-${purpose}`)
  await makeRepository(mine, files, repository)
  if (purpose === 'root') await needEmulator(target)
  say(`installs ${mine.length} packages of Debian ${suite} for ${target.name} (${purpose})`)
  const architecture = purpose === 'build' ? [] : [`--architectures=${target.debian}`]
  const argv = [
    ...['mmdebstrap', '--mode=root', '--variant=essential', '--skip=check/empty'],
    ...[...architecture, ...more],
    `--include=${parseList(list, target).join(',')}`,
    ...[suite, output, `deb [trusted=yes] copy://${repository} ./`],
  ]
  await run(argv, { env: { SOURCE_DATE_EPOCH: String(lock.epoch) } })
  await rm(repository, { recursive: true })
}
