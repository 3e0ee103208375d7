/** A small network as documents, as README.md has it: a hub and a branch. */
import { write } from './ctl-world.ts'

export const exampleFiles: Readonly<Record<string, string>> = {
  'network.yaml': `kind: network
name: acme
tenant: 8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11
overlay: { port: 51820 }
topology: { kind: hubs }
---
kind: pool
name: lans
prefix: 10.16.0.0/12
bits: 24
---
kind: segment
name: office
breakout: true
pools: [lans]
`,
  'sites/berlin.yaml': `kind: site
name: berlin
role: hub
endpoints: [198.51.100.2:51820]
uplinks:
  - { name: wan0, nic: "netdev:enp1s0", address: [198.51.100.2/30], gateway: 198.51.100.1 }
lans:
  - { name: lan0, nic: "netdev:enp2s0", segment: office, dhcp: true }
`,
  'sites/lisbon.yaml': `kind: site
name: lisbon
uplinks:
  - { name: wan0, nic: "netdev:enp1s0", address: dhcp }
lans:
  - { name: lan0, nic: "netdev:enp2s0", segment: office, dhcp: true }
`,
}

/** @returns the folder */
export function writeExample(name: string): string {
  for (const [file, text] of Object.entries(exampleFiles)) write(`${name}/${file}`, text)
  return write(`${name}/README.txt`, 'not a document').replace(/\/README.txt$/, '')
}
