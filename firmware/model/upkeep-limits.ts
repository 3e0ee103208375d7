/** Limits of backups and updates, as plain numbers: a page has them without any schema. */

/** Of a whole backup. */
export const mostBackupBytes = 4 * 1024 * 1024
/** Of an update's file. */
export const mostUpdateBytes = 1024 * 1024 * 1024
/** The longest that an update takes to come and to be written. */
export const mostInstallMs = 15 * 60_000
/** Characters of a backup's passphrase. */
export const leastPassphrase = 12
