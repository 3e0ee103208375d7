/** Keys of a controller's store that more than the controller knows of. */

/** `config/ID`: what was published last for a box. */
export const publishedPrefix = 'config/'
/** A number: a box for which nothing is published yet is given revisions above it. */
export const revisionFloorKey = 'config-floor'
/** `token/HASH`: what people and programs show. */
export const tokenPrefix = 'token/'
