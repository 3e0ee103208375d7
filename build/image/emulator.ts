/** Has the kernel run programs of another machine by QEMU (binfmt_misc): those that set packages up while a root is made. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { run } from './command.ts'
import type { Target } from './target.ts'

const folder = '/proc/sys/fs/binfmt_misc'
/** Debian's own, of qemu-user-static. What starts the machine reads it; a container has nobody who does. */
const rules = {
  arm64: '/usr/lib/binfmt.d/qemu-aarch64.conf',
  amd64: '/usr/lib/binfmt.d/qemu-x86_64.conf',
}

/** @throws an error that says what is missing */
export async function needEmulator({ debian }: Target): Promise<void> {
  const isThere = (): Promise<boolean> =>
    run(['arch-test', debian]).then(
      () => true,
      () => false,
    )
  if (await isThere()) return
  if (!(await stat(`${folder}/register`).catch(() => null))) {
    await run(['mount', '-t', 'binfmt_misc', 'binfmt_misc', folder])
  }
  await writeFile(`${folder}/register`, await readFile(rules[debian], 'latin1'), 'latin1')
  if (!(await isThere())) throw new Error(`this kernel does not run programs of ${debian}`)
}
