/** Fields of a configuration whose values never leave a box: not in answers, not in logs. Public keys are none. */

export const secretFields: ReadonlySet<string> = new Set(['psk', 'privateKey', 'password', 'token'])
