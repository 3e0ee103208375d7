/** What the datapath is told of an uplink, besides what every port has. Pure. */
import type { DeviceConfig } from '../model/device-config.ts'
import { defaultInternetPercent } from '../model/device-config-qos.ts'
import type { PortProgram } from '../model/port-program.ts'
import { type Rate, rateBps } from '../model/units.ts'
import { sprayPortOf } from './overlay-port.ts'
import { riskNumber } from './policy.ts'
import { classShapes } from './qos.ts'

type UplinkFields =
  | 'overlayPort'
  | 'overlayPorts'
  | 'sprayPort'
  | 'upBps'
  | 'downBps'
  | 'network'
  | 'isMetered'
  | 'isBackup'
  | 'risk'
  | 'classes'
  | 'marks'
  | 'internetPercent'

/** What a port that is none has of what is of uplinks only. */
export const noUplink: Pick<PortProgram, UplinkFields> = {
  overlayPort: 0,
  overlayPorts: [],
  sprayPort: 0,
  upBps: 0,
  downBps: 0,
  network: '',
  isMetered: false,
  isBackup: false,
  risk: 0,
  classes: [],
  marks: '',
  internetPercent: 0,
}

export function compileUplink(
  { overlay, uplinks, profiles }: DeviceConfig,
  number: number,
): Pick<PortProgram, UplinkFields> {
  const uplink = uplinks[number]!
  const { kind = 'internet', metered = false, backup = false, marks = 'class' } = uplink
  return {
    overlayPort: overlay.port,
    overlayPorts: overlay.ports ?? [],
    sprayPort: sprayPortOf(overlay),
    upBps: bpsOf(uplink.up),
    downBps: bpsOf(uplink.down),
    network: kind,
    isMetered: metered,
    isBackup: backup,
    risk: riskNumber(uplink, uplinks),
    classes: classShapes(uplink.profile, profiles),
    marks,
    internetPercent: uplink.internet ?? defaultInternetPercent,
  }
}

/** 0: none is told. */
export function bpsOf(rate: Rate | undefined): number {
  return rate === undefined ? 0 : rateBps(rate)
}
