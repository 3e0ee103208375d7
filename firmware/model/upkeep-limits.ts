/** Limits of backups and updates, as plain numbers: a page has them without any schema. */

/** Of a whole backup. */
export const mostBackupBytes = 4 * 1024 * 1024
/** Of an update's file. */
export const mostUpdateBytes = 1024 * 1024 * 1024
/** The longest that an update takes to come and to be written. */
export const mostInstallMs = 15 * 60_000
/** Until slots are told of, or one is marked: RAUC's service is started when it is asked, on slow boxes beside other work. */
export const slotAnswerMs = 70_000
/** Whoever asks gives up after who answers. */
export const lateMs = 10_000
/** Characters of a backup's passphrase. */
export const leastPassphrase = 12
/** For an answer that a password or a passphrase stands before: it costs memory and time on purpose, and others may be before it. */
export const secretAnswerMs = 60_000
export const secretAskMs = secretAnswerMs + lateMs
