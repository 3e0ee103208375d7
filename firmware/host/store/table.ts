/** What a store stands on: ordered rows on some medium. Knows nothing of revisions. What fails is a STORE_ error, of reads too. */

export type Row = readonly [key: string, value: string]

export interface Table {
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>
  /** Of one moment: keys that begin with `prefix`, behind `after`, in the order of their UTF-8 bytes. */
  scan(prefix: string, after: string | null, limit: number): Promise<Row[]>
  /** All that begin with `prefix`, of the moment at which this is called, in order. */
  rows(prefix: string): AsyncIterable<Row>
  /** All or nothing, and durable once it returns. Null takes the row away. */
  write(rows: readonly (readonly [key: string, value: string | null])[]): Promise<void>
  close(): Promise<void>
}
