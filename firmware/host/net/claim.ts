/**
 * One gateway a network namespace: table, routes and link group have the same names in each, so two would undo each
 * other's work. An abstract unix socket (unix(7)) belongs to its namespace and ends with its process.
 */
import { createServer } from 'node:net'
import { CausewayError } from '../../model/errors.ts'

const name = '\0causeway-gateway'

/** @throws HOST_IN_USE, or the system's error */
export function claimNamespace(): Promise<AsyncDisposable> {
  // There is nothing to say to anybody.
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const message = 'another gateway holds this network namespace'
      const isTaken = error.code === 'EADDRINUSE'
      reject(isTaken ? new CausewayError('HOST_IN_USE', message, { cause: error }) : error)
    })
    server.listen(name, () => {
      resolve({
        [Symbol.asyncDispose]: () => new Promise<void>((closed) => server.close(() => closed())),
      })
    })
  })
}
