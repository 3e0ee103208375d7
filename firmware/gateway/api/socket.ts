/**
 * The place of the API's unix socket: a folder for its owner only, and no socket of a dead process in the way.
 */
import { rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { dirname } from 'node:path'
import { makePrivateFolder } from '../../host/system/file.ts'
import { CausewayError } from '../../model/errors.ts'

const answerMs = 1_000

/** @throws API_IN_USE when a live process listens there */
export async function clearSocket(path: string): Promise<void> {
  await makePrivateFolder(dirname(path))
  if (await isAnswered(path)) {
    throw new CausewayError('API_IN_USE', `another process listens on ${path}`)
  }
  await rm(path, { force: true })
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    // No file, or nobody behind it.
    socket.once('error', () => end(false))
    // A process that is too busy to accept is alive.
    socket.setTimeout(answerMs, () => end(true))
  })
}
