/** Fields of a configuration whose values never leave a box: not in answers, not in logs. Public keys are none. */

export const secretFields: ReadonlySet<string> = new Set(['psk', 'privateKey', 'password', 'token'])

/** What stands in a secret's place. Where it comes back unchanged, the secret is meant that it stands for. */
export const hiddenSecret = '<hidden>'

/** The same value with every secret hidden. */
export function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretFields.has(name) ? hiddenSecret : hideSecrets(inner),
    ]),
  )
}
