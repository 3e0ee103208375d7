/** The most bytes of a backup and of an update, as plain numbers: a page has them without any schema. */

/** Of a whole backup. */
export const mostBackupBytes = 4 * 1024 * 1024
/** Of an update's file. */
export const mostUpdateBytes = 1024 * 1024 * 1024
