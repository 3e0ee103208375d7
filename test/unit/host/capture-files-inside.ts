/**
 * A recording that fills a disk of 3 MB with pieces that do not come out even. Prints as JSON what became of it. The folder that it
 * is given is such a disk, of this process alone.
 */
import { join } from 'node:path'
import { captureFilesIn } from '../../../firmware/host/diagnose/capture-files.ts'
import type { CausewayError } from '../../../firmware/model/errors.ts'

const files = captureFilesIn(join(process.argv[2]!, 'captures'))
const file = await files.open('0123456789abcdef')
const piece = Buffer.alloc(70_001, 1)
const codes: string[] = []
let written = 0
for (let pieces = 0; codes.length === 0 && pieces < 100; pieces++) {
  try {
    file.write(piece)
    written += piece.length
  } catch (error) {
    codes.push((error as CausewayError).code)
  }
}
file.close()
const { length } = await files.read('0123456789abcdef')
process.stdout.write(JSON.stringify({ codes, written, length }))
