/** What dpkg says is installed in a tree. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Installed {
  readonly name: string
  readonly version: string
}

export async function readInstalled(root: string): Promise<Installed[]> {
  const text = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8')
  return text.split('\n\n').flatMap((stanza) => {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.+)$`, 'm').exec(stanza)?.[1]
    const [name, version, status] = [field('Package'), field('Version'), field('Status')]
    const isWhole = name !== undefined && version !== undefined
    return isWhole && status === 'install ok installed' ? [{ name, version }] : []
  })
}
