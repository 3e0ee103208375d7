/** The firmware's version, as in package.json: a test keeps the two together. */
export const version = '0.1.0'

/** No clock that is right shows less: this version was not there yet. Milliseconds since 1970. */
export const earliestMs = Date.UTC(2026, 10, 26)
