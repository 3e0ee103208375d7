/** Rows in memory: for tests and simulations. */
import { Readable } from 'node:stream'
import type { Row, Table } from './table.ts'

export function memoryTable(rows: Map<string, string> = new Map()): Table {
  return {
    getMany: async (keys) => keys.map((key) => rows.get(key)),
    scan: async (prefix, after, limit) => {
      const isWanted = ([key]: Row): boolean =>
        key.startsWith(prefix) && (after === null || compareBytes(key, after) > 0)
      const found = [...rows].filter(isWanted)
      return found.sort(([a], [b]) => compareBytes(a, b)).slice(0, limit)
    },
    rows: (prefix) => {
      const found = [...rows].filter(([key]) => key.startsWith(prefix))
      return Readable.from(found.sort(([a], [b]) => compareBytes(a, b)))
    },
    write: async (changes) => {
      for (const [key, value] of changes) {
        if (value === null) rows.delete(key)
        else rows.set(key, value)
      }
    },
    close: async () => {},
  }
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
