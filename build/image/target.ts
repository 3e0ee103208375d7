/** The two machines that images are built for, and what each is called by whom. */

export interface Target {
  /** As the image and its bundles are named, and `uname -m` nearly. */
  readonly name: 'x86_64' | 'arm64'
  readonly debian: 'amd64' | 'arm64'
  readonly node: 'x64' | 'arm64'
  /** In ESP:/EFI/BOOT, where firmware looks for something to start (UEFI 2.10 §3.5.1.1). */
  readonly efi: { readonly shim: string; readonly grub: string }
}

const targets: readonly Target[] = [
  {
    ...{ name: 'x86_64', debian: 'amd64', node: 'x64' },
    efi: { shim: 'x64', grub: 'grubx64' },
  },
  {
    ...{ name: 'arm64', debian: 'arm64', node: 'arm64' },
    efi: { shim: 'aa64', grub: 'grubaa64' },
  },
]

export const targetNames = targets.map(({ name }) => name)

export function targetOf(name: string): Target | null {
  return targets.find((target) => target.name === name) ?? null
}
