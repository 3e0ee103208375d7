/**
 * What an admin can do about each code that a command, the local API or `sessions` shows and that is not about a
 * configuration (config-code.ts). CONFIG.md is made from it; the compiler sees to it that no code is missing.
 */
import type { ErrorCode } from './errors.ts'

export type ShownCode = Extract<
  ErrorCode,
  `${'API' | 'BACKUP' | 'DATAPATH' | 'SESSION' | 'STORE' | 'UPDATE' | 'WIRE'}_${string}`
>

/** Meaning, and what to do. */
export const shownCodes: Readonly<Record<ShownCode, readonly [string, string]>> = {
  SESSION_TIMEOUT: [
    'The peer did not answer a handshake.',
    "See that it runs, that its endpoint is right and reached, that both sites have one `tenant`, and each the other's `wireKey`: a box answers nobody else.",
  ],
  SESSION_REFUSED: [
    'The peer ended the session, or answered what was not asked.',
    'Look there: it was stopped, or its `tenant` or peers were changed. It is tried again by itself.',
  ],
  SESSION_NO_KEYPAIR: ['The session was renewed meanwhile.', 'Nothing: it is tried again.'],
  WIRE_UNAUTHENTIC: [
    'A message of a handshake was damaged, forged, or made for another key.',
    'If it stays: compare the `wireKey` of both sites.',
  ],
  WIRE_INVALID: ['A message of a handshake has another form.', 'Run one version at both sites.'],
  WIRE_TRUNCATED: ['A message was cut short.', 'Run one version at both sites.'],
  BACKUP_INVALID: ['It is no backup of a box.', 'Choose the file that `Make a backup` gave you.'],
  BACKUP_TRUNCATED: ['The end of the backup is missing.', 'Copy the file again, whole.'],
  BACKUP_VERSION: [
    'A later release made the backup.',
    'Restore it with that release, or a later one.',
  ],
  BACKUP_PASSPHRASE: [
    'The passphrase is not the one that the backup was made with.',
    'Type that one. Without it nobody can open the backup.',
  ],
  BACKUP_BROKEN: [
    'The backup was changed or damaged after it was made.',
    'Take another copy, or another backup.',
  ],
  BACKUP_NO_IDENTITY: [
    'The backup was made without the keys of its box.',
    'Restore the configuration alone; claim the box anew, and give its peers its key.',
  ],
  BACKUP_OWNED: [
    'A box with an owner cannot become another one.',
    'Reset it first (`causeway reset`).',
  ],
  UPDATE_UNSUPPORTED: [
    'The machine has no slots for firmware.',
    'Update it as you update its packages.',
  ],
  UPDATE_REFUSED: [
    'The file is no update that this box takes.',
    'The message says why; get the file for this machine from whom you have the box from.',
  ],
  UPDATE_TRUNCATED: [
    'The upload broke off, or the file was cut short before.',
    'Get the file again if its size is not that of its source, and send it again; what runs has not changed.',
  ],
  UPDATE_BUSY: ['Another update is on its way.', 'Wait for its end.'],
  UPDATE_NO_OTHER: [
    'There is no other firmware to go back to: the other slot is empty, or what is in it failed.',
    'Install one.',
  ],
  UPDATE_OLDER: [
    'The update is older than what runs.',
    'Take a newer one, or the same; to what ran before, `causeway slots rollback` leads.',
  ],
  UPDATE_NOT_PROVEN: [
    'What runs has not proven itself yet: with another update the box would have nothing to go back to.',
    'Wait five minutes after a start, or see in `causeway slots` and the journal of `causeway-proof` what it lacks.',
  ],
  UPDATE_NO_ROOM: [
    'The data partition has no room for the file.',
    'Recordings and logs that are not needed may go; the message says how much is free.',
  ],
  UPDATE_WENT_BACK: [
    'The new firmware did not prove itself on the box, which runs what it ran before.',
    'Look at its log; take another version, or order it once more.',
  ],
  UPDATE_UNWELL: [
    'A box is worse off with the new firmware than it was before.',
    '`causeway ctl edges` says what it lacks. The rollout waits for `resume` or `abort`.',
  ],
  UPDATE_SILENT: [
    'A box was not heard of again, or did not get on with its order, for too long.',
    'See whether it has power and Internet. The rollout waits for `resume` or `abort`.',
  ],
  API_UNREACHABLE: ['No gateway answers.', 'The message says what to start, or as whom to ask.'],
  API_TIMEOUT: [
    'The gateway answers too slowly.',
    'What was asked for may still come about: look first, then ask again; its log may say why.',
  ],
  API_NOT_READY: [
    'The gateway is starting or stopping, or the datapath does not answer.',
    'Ask again in a few seconds; start the datapath.',
  ],
  API_BUSY: [
    'More ask at once than are served: sixteen from one place follow events, say, or eight have changes planned.',
    'Ask again, or end one.',
  ],
  API_RATE: ['Asked too often from a LAN.', 'Wait a second.'],
  API_IN_USE: [
    'Another gateway of this instance runs.',
    'End it, or give this one a name: `--instance`.',
  ],
  API_INVALID: ['The request has a wrong form.', 'See `/api/v1/openapi.json`.'],
  API_UNAUTHENTICATED: ['Name, password or token is wrong.', 'Sign in anew.'],
  API_FORBIDDEN: ['Who asks may not do this.', 'The message says which role may.'],
  API_LAST_ADMIN: [
    'Nobody would be left who may change users of the box.',
    'Make another admin first.',
  ],
  API_NOT_FRESH: [
    'This asks for a password that was typed within the last five minutes; a token never has.',
    'Type it again.',
  ],
  API_SETUP_CODE: [
    'The first password of a box that is not blank needs a code, and this is not it.',
    'Have one printed at the shell of the box: `causeway user setup-code`. It counts for a quarter of an hour and five tries.',
  ],
  API_SETUP_DONE: [
    'The first password is set.',
    'Sign in; who has forgotten it says `causeway user password NAME` at the shell of the box.',
  ],
  API_MISDIRECTED: [
    'The box was asked by a name that is not its own.',
    'Ask an address of its LAN, its site name, or `causeway.local`.',
  ],
  API_CROSS_SITE: [
    'A page of another site asks, or the header that goes with a session is missing.',
    'Use the page of the box itself, or a token.',
  ],
  API_LAST_OWNER: [
    'Nobody would be left who may do all.',
    'Make another owner of all tenants first.',
  ],
  API_CONFIRM: [
    'It needs a yes, and nobody is there to give it.',
    'The message says which option says yes.',
  ],
  API_NOT_FOUND: ['There is no such path or entry.', 'See `/api/v1/openapi.json`.'],
  API_TOO_LARGE: ['The request or the answer is too long.', 'Send at most a configuration.'],
  API_INTERNAL: [
    'The process that was asked failed to answer.',
    'Its log says why; please report it.',
  ],
  DATAPATH_UNREACHABLE: [
    'The process that moves packets does not answer.',
    'Start it; its log says why it ended.',
  ],
  DATAPATH_OVERFLOW: [
    'More happens than it has room to tell of: peers, handshakes or paths beyond its limits.',
    'The log says which; see the limits in the README.',
  ],
  DATAPATH_BUSY: ['It does much else, or has no program yet.', 'It is tried again.'],
  DATAPATH_ABI: ['The two processes are of different versions.', 'Restart both.'],
  DATAPATH_REFUSED: [
    'It does not take what it was told: `path` says which part. `/ports/N … Invalid argument`: it does not see that NIC.',
    'Look whether the NIC is there; start both processes in one network and one mount namespace (two `ip netns exec` have one each).',
  ],
  STORE_KEY_PERMISSIONS: [
    'The key may not be read, or others than root may read it.',
    'Use `sudo`; or `chmod 600` it, and think of it as known to them.',
  ],
  STORE_KEY_INVALID: [
    'The file of the key holds none.',
    'Put the saved one back. Without it, remove the file: a new key is made, which every peer must be told.',
  ],
  STORE_READ_FAILED: ['A store could not be read.', 'It is tried again; look after the disk.'],
  STORE_WRITE_FAILED: ['A file could not be written.', 'Look at space and permissions.'],
  STORE_CORRUPT: [
    'A saved configuration does not match its checksum, or a store or a backup holds what was never written.',
    'A configuration is passed over. A store is restored from a backup. Look after the disk.',
  ],
  STORE_CONFLICT: ['Somebody else changed it meanwhile.', 'Read it again, and repeat the change.'],
  STORE_COMPACTED: ['Changes since then are no longer known one by one.', 'Read all of it again.'],
  STORE_BUSY: ['Too many changes wait.', 'It is tried again; try later.'],
  STORE_LOCKED: ['Another process has the store.', 'End it: a store has one process.'],
  STORE_SCHEMA: ['A later release wrote the store.', 'Use that release, or a backup of this one.'],
  STORE_LIMIT: [
    'A key, a value or a change is too large.',
    'The message says how large it may be.',
  ],
  STORE_NOT_EMPTY: ['A backup is restored into an empty store only.', 'Name another folder.'],
}
