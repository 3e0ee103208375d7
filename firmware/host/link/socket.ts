/** A link on an open WebSocket of npm's `ws`, whichever end it is. */
import type { RawData, WebSocket } from 'ws'
import { CausewayError } from '../../model/errors.ts'
import { closeCodes, type Link, type LinkEnd, mostEarly, mostWaitingBytes, pingMs } from './link.ts'

const soonMs = 1_000

export function linkOf(socket: WebSocket): Link {
  const early: string[] = []
  let onMessage: ((text: string) => void) | null = null
  let onClose: ((end: LinkEnd) => void) | null = null
  let ended: LinkEnd | null = null
  let isAnswered = true
  const watch = setInterval(() => {
    if (!isAnswered) {
      socket.terminate()
      return
    }
    isAnswered = false
    socket.ping()
  }, pingMs)
  socket.on('pong', () => {
    isAnswered = true
  })
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const text = data.toString()
    if (isBinary) socket.close(closeCodes.misuse, 'texts only')
    else if (onMessage !== null) onMessage(text)
    else if (early.push(text) > mostEarly) socket.close(closeCodes.misuse, 'too early')
  })
  // What is wrong is told by the close that follows: 1006.
  socket.on('error', () => {})
  socket.once('close', (code, reason) => {
    clearInterval(watch)
    ended = { code, reason: reason.toString() }
    onClose?.(ended)
  })
  return {
    get waitingBytes() {
      return socket.bufferedAmount
    },
    send: (text) => {
      if (socket.readyState !== socket.OPEN) return
      if (socket.bufferedAmount > mostWaitingBytes) {
        throw new CausewayError('LINK_SLOW', 'the other end takes nothing')
      }
      socket.send(text)
    },
    onMessage: (listener) => {
      onMessage = listener
      for (const text of early.splice(0)) listener(text)
    },
    onClose: (listener) => {
      onClose = listener
      if (ended !== null) listener(ended)
    },
    close: (code, reason) => {
      socket.close(code, reason)
      // An other end that answers nothing ends nothing; who keeps to nothing, or is not there any more, is not listened to for that long.
      const isSoon = code === closeCodes.misuse || code === closeCodes.replaced
      setTimeout(() => socket.terminate(), isSoon ? soonMs : pingMs).unref()
      if (code === closeCodes.misuse) socket.pause()
    },
  }
}
