/** The value of the control item 0x03, path report: what was received by each lane. Pure. wire.md, "Control". */

export interface PathReport {
  readonly type: 'path-report'
  readonly receiverIndex: number
  readonly lanes: readonly LaneReport[]
}

/** What was received on one lane since the keypair began; times in µs. */
export interface LaneReport {
  readonly lane: number
  readonly highest: number
  readonly received: number
  readonly late: number
  readonly leastDelayUs: number
  readonly meanAboveLeastUs: number
}

const laneReportBytes = 24

export function fitsPathReport(length: number): boolean {
  return length >= 4 + laneReportBytes && (length - 4) % laneReportBytes === 0
}

export function pathReportSize({ lanes }: PathReport): number {
  return 4 + laneReportBytes * lanes.length
}

export function readPathReport(value: Buffer): PathReport {
  const lanes: LaneReport[] = []
  for (let at = 4; at < value.length; at += laneReportBytes) {
    lanes.push({
      lane: value.readUInt16BE(at),
      highest: value.readUInt32BE(at + 4),
      received: value.readUInt32BE(at + 8),
      late: value.readUInt32BE(at + 12),
      leastDelayUs: value.readUInt32BE(at + 16),
      meanAboveLeastUs: value.readUInt32BE(at + 20),
    })
  }
  return { type: 'path-report', receiverIndex: value.readUInt32BE(0), lanes }
}

export function writePathReport(item: PathReport, value: Buffer): void {
  value.writeUInt32BE(item.receiverIndex, 0)
  item.lanes.forEach((lane, position) => {
    const at = 4 + laneReportBytes * position
    value.writeUInt16BE(lane.lane, at)
    value.writeUInt32BE(lane.highest, at + 4)
    value.writeUInt32BE(lane.received, at + 8)
    value.writeUInt32BE(lane.late, at + 12)
    value.writeUInt32BE(lane.leastDelayUs, at + 16)
    value.writeUInt32BE(lane.meanAboveLeastUs, at + 20)
  })
}
