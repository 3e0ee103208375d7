/** What the System page says of backups, firmware, restart and reset. */
import { bytes, duration } from './format.ts'

export const backupText = {
  make: {
    title: 'Make a backup',
    about:
      'One encrypted file: the configuration with its secrets, and the users with their passwords’ hashes.',
    passphrase: 'Passphrase',
    passphraseHelp:
      'At least twelve characters. Without it nobody can open the file, you neither: keep it elsewhere.',
    short: 'Twelve characters at least.',
    again: 'Passphrase once more',
    differs: 'The two are not the same.',
    identity: 'With the keys of this box',
    identityHelp:
      'For its replacement: owner and peers then take that for this box. Never run both at once.',
    submit: 'Make and save',
    saved: 'The backup is saved.',
    file: (site: string, day: string) => `causeway-${site}-${day}.backup`,
  },
  restore: {
    title: 'Restore a backup',
    about: 'First you see what is in it. Nothing is changed before you say so.',
    file: 'File',
    passphrase: 'Its passphrase',
    look: 'Look into it',
    large: (most: number) => `That is no backup: the file has more than ${bytes(most)}.`,
    contents: 'What is in it',
    facts: {
      site: 'Site',
      made: 'Made',
      firmware: 'By firmware',
      revision: 'Revision',
      box: 'Of box',
      own: 'this one',
      users: 'Users',
      keys: 'Keys of the box',
      with: 'included',
      without: 'not included',
    },
    users: 'Take its users too',
    usersHelp:
      'They replace those of now once you keep the configuration. You may have to sign in anew.',
    noAdmin: 'None of its users is an admin: its users cannot be taken.',
    identity: 'Become this box',
    identityHelp:
      'The gateway begins anew with the keys of the backup. The box that it was made of must be off.',
    seconds: 'Taken back unless you keep it within',
    secondsText: (seconds: number) => duration(seconds),
    submit: 'Restore',
    become: 'Become this box',
    becomeTitle: 'Become another box?',
    becomeText:
      'The gateway begins anew with the keys and the configuration of the backup. This cannot be taken back, but by another backup.',
    typed: (word: string) => `Type ${word} to go on`,
    tried: (revision: number) =>
      `Revision ${revision} runs on trial. See whether all works, then keep it in the bar above.`,
    restarting: 'The gateway begins anew. Its addresses may be others now.',
    cancel: 'Cancel',
    again: 'Choose another file',
  },
} as const

export const firmwareText = {
  title: 'Firmware',
  none: 'This machine has no slots for firmware',
  noneAbout: 'It is updated as its packages are: by whoever looks after the machine, in its shell.',
  about:
    'Two slots: one runs, the other takes the next update, and is gone back from if that does not prove itself.',
  runs: (version: string) => `Version ${version} runs.`,
  columns: { slot: 'Slot', version: 'Version', state: 'State', now: 'Now' },
  states: { good: 'proven', trying: 'on trial', bad: 'failed', empty: 'empty' },
  running: 'runs',
  next: 'next start',
  install: {
    title: 'Install an update',
    file: 'File of the update',
    submit: 'Install',
    tooLarge: (most: string) => `No update is larger than ${most}: this is another file.`,
    about:
      'It is checked and written into the slot that does not run. The next restart tries it: Restart, Restart the box.',
    phases: {
      receiving: 'Sending',
      checking: 'Checking',
      writing: 'Writing',
      done: 'Installed: the next restart tries it',
      failed: 'Not installed',
    },
    progress: (done: number, all: number | null) =>
      all === null ? bytes(done) : `${bytes(done)} of ${bytes(all)}`,
  },
  good: 'Keep this version',
  goodAbout:
    'It runs on trial, and is kept by itself once it has proven itself; else the box goes back within minutes. You may keep it now.',
  kept: 'The version is kept.',
  rollBack: 'Go back to the other slot',
  rolledBack: 'The next restart is by the other slot: Restart, Restart the box.',
} as const

export const restartText = {
  gateway: {
    title: 'Restart the gateway',
    about:
      'The program that decides begins anew. Packets go on meanwhile, and sessions stay; this page is away for some seconds.',
    submit: 'Restart the gateway',
    ask: 'Restart the gateway?',
    askText: 'Packets go on meanwhile. This page comes back by itself.',
    begun: 'The gateway begins anew. This page comes back by itself.',
  },
  machine: {
    title: 'Restart the box',
    about: 'All of it, as after a power cut: the site is without its links for a minute or two.',
    submit: 'Restart the box',
    ask: 'Restart the whole box?',
    askText: 'The site is cut off until it is up again.',
    begun: 'The box begins anew. This page comes back by itself.',
    refused: 'This machine has other work too: restart it in its shell.',
  },
  reset: {
    title: 'Reset the box',
    about:
      'Back to how it came: owner, configuration, users, keys and history are gone; its device key stays. The site is cut off until somebody sets the box up anew.',
    submit: 'Reset the box',
    ask: 'Reset the box?',
    askText: 'This cannot be taken back. Make a backup first, if you may need what is on it.',
    begun: 'The box is blank now and begins anew. It may have other addresses.',
    word: 'reset',
  },
  typed: (word: string) => `Type ${word} to go on`,
  cancel: 'Cancel',
} as const
