/**
 * What to do about a problem that the box tells as a sentence (plan/status.ts and beside it). A sentence that is not known here
 * has no remedy shown: a test sees to it that those of the box are known. `[system]` names a page, to which it
 * becomes a link. Pure.
 */

const remedies: readonly (readonly [problem: RegExp, remedy: string])[] = [
  [
    /^the datapath does not answer/,
    'Packets go on as long as that process does. If it does not come back within a minute, start the box anew: [system].',
  ],
  [
    /^no usable configuration|^the configuration has not been read/,
    'Set the box up, or bring back a configuration that worked: [system].',
  ],
  [
    /^the configuration could not be applied/,
    'Undo the last change, or mend what the sentence names. The box tries again by itself.',
  ],
  [/^the configuration is being applied/, 'Nothing: it takes some seconds.'],
  [
    /^NIC .* is not there for DPDK/,
    'Give the port another NIC, or this one by its name in Linux: [lans]. It costs that port alone.',
  ],
  [
    /^the disk is full/,
    'Delete recordings; what the box keeps of its own has limits. If it stays, restore a backup on a larger disk: [system].',
  ],
  [
    /^the other slot runs/,
    'It may be an older version. See which, and what became of the other one: [system]. Where the power comes and goes, that alone may be why.',
  ],
  [
    /^the data partition/,
    'What the box kept may be gone: look whether it is set up as it should be, or bring its backup back: [system].',
  ],
  [/^NIC .* is missing/, 'See that the card or adapter is plugged in, and that the name is right.'],
  [/^device\.yaml is refused/, 'Mend the file where the sentence says, or apply another one.'],
  [
    /^uplink .* is down$/,
    'There is no link. Look at the cable at both ends, and whether the modem or router has power.',
  ],
  [
    /^service .* does not stay up/,
    'It is started again by itself. Its log says why: [diagnostics].',
  ],
  [
    /^the lease of uplink .* is refused/,
    'Its network is one that the sites use inside. Give the modem or router another network, or that LAN.',
  ],
  [
    /^uplink .* has no lease/,
    'Nobody answers DHCP there. Start the modem or router anew; if the provider gives fixed addresses, enter them.',
  ],
  [
    /DATAPATH_OVERFLOW/,
    'The configuration is larger than the box can carry. Take out what is not needed.',
  ],
  [
    /^\d+ of \d+ peers are not up/,
    'See whether these sites have power and Internet. If they do, compare keys and endpoints at both ends.',
  ],
  [
    /^uplink .* has a carrier and reaches none/,
    'The cable is fine, what is behind it is not: start the modem anew, then call the provider.',
  ],
  [
    /paths? to .* (is|are) down/,
    'Other paths carry on meanwhile. If it stays, look at that uplink here, and at those of the other site.',
  ],
  [
    /is not reached|are not reached/,
    'See whether a hub relays, and whether UDP gets out of both sites.',
  ],
  [
    /^policy .* drops|polic(y|ies) drops? their flows/,
    'Mend the link that it names, or let the policy use others: [policies].',
  ],
]

export const remedyText = { ask: 'ask whoever runs this box' } as const

/** Words of the box that nobody at a branch needs to know. */
const plainer: readonly (readonly [words: RegExp, plain: string])[] = [
  [/^the datapath does not answer/, 'the program that moves packets does not answer'],
  [/^(\d+ of \d+) peers are not up/, '$1 other sites are not reached'],
  [/^(uplink .*) has a carrier and reaches none/, '$1 has a link and reaches none'],
]

export function plainWords(problem: string): string {
  return plainer.reduce((text, [words, plain]) => text.replace(words, plain), problem)
}

export function remedyOf(problem: string): string | null {
  return remedies.find(([pattern]) => pattern.test(problem))?.[1] ?? null
}
