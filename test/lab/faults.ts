/** Faults to plant into a lab, so that a check which should notice can be seen to notice. */
import type { Lab } from './lab.ts'

/** Drops what matches an nftables expression, such as `udp dport 7`, in a namespace of the lab. */
export async function plantDrop(
  lab: Lab,
  where: string,
  hook: 'input' | 'forward' | 'output',
  expression: string,
): Promise<void> {
  const lines = [
    'table inet fault {',
    'chain drops {',
    `type filter hook ${hook} priority 0`,
    `${expression} counter drop`,
    '}',
    '}',
  ]
  await lab.exec(where, ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
}
