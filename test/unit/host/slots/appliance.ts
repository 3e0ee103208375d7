/**
 * An appliance's slots for tests: a folder that stands for /, the image's own program for the boot loader over a grubenv of its own,
 * and RAUC. Its judgement of updates is the machine's real one; what its service does as root, marking and writing, a script does.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Places, placesOf } from '../../../../firmware/host/system/places.ts'
import { projectRoot } from '../../../law/source-tree.ts'

export interface Appliance {
  readonly places: Places
  /** As `raucSlots` takes it. */
  readonly rauc: readonly string[]
  /** Variables of the boot loader. */
  readonly boot: () => Record<string, string>
  /** What RAUC notes of slot B, as `rauc.status` does. */
  readonly noted: () => string
  /** What the machine does at its next start: as grub.cfg. @param version of the image that runs then */
  readonly start: (version: string) => void
  /** What RAUC's service does next: `ok`, `damaged` (dm-verity finds it), `busy`, `slow` (the file `go` ends it), `cut` (power), `gone`. */
  readonly service: (does: 'ok' | 'damaged' | 'busy' | 'slow' | 'cut' | 'gone') => void
  readonly root: string
}

export async function openAppliance(context: TestContext, version = '0.1.0'): Promise<Appliance> {
  const root = await mkdtemp(join(tmpdir(), 'cwslots-'))
  context.after(() => rm(root, { recursive: true, force: true }))
  const places = placesOf('main', root)
  for (const folder of ['etc/rauc', 'etc/causeway', 'usr/lib/causeway', 'data/update']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  const at = (name: string): string => join(root, name)
  writeFileSync(places.applianceMark, '')
  const program = join(projectRoot, 'image/rootfs/usr/lib/causeway/slots')
  script(
    places.slotsProgram,
    `export CAUSEWAY_GRUBENV=${at('grubenv')} CAUSEWAY_CMDLINE=${at('cmdline')}\nexec sh ${program} "$@"`,
  )
  writeFileSync(at('grubenv'), `# GRUB Environment Block\ngood=A\na=ok\nb=bad\n`.padEnd(1024, '#'))
  writeFileSync(
    places.raucConfig,
    `[system]\ncompatible=causeway-x86_64\nbootloader=noop\nbundle-formats=-plain\n[keyring]\npath=${at('keyring.pem')}\n`,
  )
  writeFileSync(at('service'), 'ok')
  script(at('rauc'), raucScript(root))
  const boot = (): Record<string, string> => {
    const lines = readFileSync(at('grubenv'), 'utf8').split('\n')
    return Object.fromEntries(
      lines.map((line) => line.split('=')).filter((pair) => pair.length > 1),
    )
  }
  const run = (slot: string, runs: string): void => {
    writeFileSync(at('cmdline'), `root=/dev/sda2 causeway.slot=${slot} panic=10\n`)
    writeFileSync(places.osRelease, `ID=debian\nIMAGE_ID=causeway\nIMAGE_VERSION="${runs}"\n`)
  }
  run('A', version)
  return {
    ...{ places, boot, root },
    rauc: [at('rauc')],
    noted: () => readFileSync(at('rauc.status'), 'utf8').trim(),
    start: (runs) => {
      const { good = 'A', try: tried = '' } = boot()
      const text = readFileSync(at('grubenv'), 'utf8').replace(/^try=[AB]$/m, 'try=')
      writeFileSync(at('grubenv'), text)
      run(tried === '' ? good : tried, runs)
    },
    service: (does) => writeFileSync(at('service'), does),
  }
}

/** As `rauc` 1.13 prints and ends; its `info` is the machine's own. */
function raucScript(root: string): string {
  return `
root=${root}
slots=${root}/usr/lib/causeway/slots
does=$(cat "$root/service")
[ "$(cat "$root/writing" 2>/dev/null || :)" = '' ] || does=busy
noted=$(cat "$root/rauc.status" 2>/dev/null || :)
case $1 in
  info) exec rauc --conf="$root/etc/rauc/system.conf" "$@" ;;
  status)
    if [ "$does" = busy ]; then
      echo 'Error retrieving slot status via D-Bus: error calling D-Bus method "GetSlotStatus": already processing a different method' >&2
      exit 1
    fi
    case \${2:-} in
      mark-good) "$slots" set-state "$("$slots" get-current)" good; echo 'rauc status: marked slot rootfs.0 as good' ;;
      mark-active)
        if [ "$("$slots" get-current)" = A ]; then "$slots" set-primary B; else "$slots" set-primary A; fi ;;
      *)
        echo 'rauc-Message: 15:08:27.226: nothing of interest' >&2
        printf '{"compatible":"causeway-x86_64","variant":"","booted":"%s","boot_primary":"rootfs.0","slots":[' "$("$slots" get-current)"
        common='"class":"rootfs","device":"/dev/sda2","type":"raw","parent":null,"mountpoint":null,"boot_status":"good"'
        known="\${noted:+,\\"version\\":\\"\${noted% *}\\"}"
        standing="\${noted:+,\\"status\\":\\"\${noted#* }\\"}"
        printf '{"rootfs.1":{%s,"bootname":"B","state":"inactive",' "$common"
        printf '"slot_status":{"bundle":{"compatible":null%s}%s}}},' "$known" "$standing"
        printf '{"rootfs.0":{%s,"bootname":"A","state":"booted",' "$common"
        printf '"slot_status":{"bundle":{"compatible":null}}}}]}\\n' ;;
    esac ;;
  install)
    if [ "$does" = gone ]; then
      echo 'Error creating proxy: Could not connect: No such file or directory' >&2
      exit 2
    fi
    if [ "$does" = busy ]; then
      echo 'Failed to contact rauc service: Already processing a different method' >&2
      echo "D-Bus error while installing \\\`$2'" >&2
      exit 2
    fi
    new=$(rauc --conf="$root/etc/rauc/system.conf" info --output-format=json "$2" 2>/dev/null | sed 's/.*"version":"\\([^"]*\\)".*/\\1/')
    if [ "$("$slots" get-current)" = A ]; then other=B; else other=A; fi
    echo installing
    echo '  0% Installing'
    "$slots" set-state "$other" bad
    echo "\${noted% *} pending" >"$root/rauc.status"
    echo ' 40% Checking bundle done.'
    case $does in
      damaged)
        echo "$new failed" >"$root/rauc.status"
        echo 'LastError: Installation error: Failed updating slot rootfs.1: failed to copy data: Input/output error'
        echo "Installing \\\`$2\\\` failed" >&2
        exit 1 ;;
      cut) kill -9 $$ ;;
      slow)
        echo yes >"$root/writing"
        while [ -e "$root/writing" ] && [ ! -e "$root/go" ]; do sleep 0.05; done
        rm "$root/writing" ;;
    esac
    echo ' 80% Copying image to rootfs.1'
    echo "$new ok" >"$root/rauc.status"
    "$slots" set-primary "$other"
    echo '100% Installing done.'
    echo idle
    echo "Installing \\\`$2\\\` succeeded" ;;
esac`
}

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\nset -eu\n${text}\n`)
  chmodSync(path, 0o755)
}

export interface Signer {
  readonly certificate: string
  readonly key: string
  /** Of the CA that vouches for it. */
  readonly authority: string
}

/** A CA and who signs for it, by openssl(1). */
export function makeSigner(folder: string, name: string): Signer {
  const at = (ending: string): string => join(folder, `${name}${ending}`)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj']
  openssl(
    'req',
    '-x509',
    ...fresh,
    `/CN=${name} CA`,
    '-days',
    '2',
    '-keyout',
    at('-ca.key'),
    '-out',
    at('-ca.pem'),
  )
  openssl('req', ...fresh, `/CN=${name}`, '-keyout', at('.key'), '-out', at('.csr'))
  const ca = ['-CA', at('-ca.pem'), '-CAkey', at('-ca.key'), '-CAcreateserial']
  openssl('x509', '-req', '-in', at('.csr'), ...ca, '-days', '1', '-out', at('.pem'))
  return {
    certificate: at('.pem'),
    key: at('.key'),
    authority: readFileSync(at('-ca.pem'), 'utf8'),
  }
}

/** An update as releases are made; what is in it nothing compresses, as RAUC wants it. */
export function makeBundle(
  folder: string,
  { certificate, key }: Signer,
  { version, compatible = 'causeway-x86_64' }: { version: string; compatible?: string },
): string {
  const content = join(folder, `content-${version}-${compatible}`)
  mkdirSync(content, { recursive: true })
  writeFileSync(join(content, 'rootfs.img'), randomBytes(64 * 1024))
  writeFileSync(
    join(content, 'manifest.raucm'),
    `[update]\ncompatible=${compatible}\nversion=${version}\n[bundle]\nformat=verity\n[image.rootfs]\nfilename=rootfs.img\n`,
  )
  const path = join(
    folder,
    `${compatible}-${version}-${Math.round(performance.now() * 1000)}.raucb`,
  )
  const args = ['--cert', certificate, '--key', key, 'bundle', '--mksquashfs-args=-comp gzip']
  execFileSync('rauc', [...args, content, path], { stdio: 'ignore' })
  return path
}
