/** What is found of NATs, as lines in the log: one for each uplink and family whenever it is another than before. */
import type { Log } from '../../host/system/log.ts'
import { isSymmetric, type UplinkNat } from '../../model/nat.ts'
import { natText } from '../../plan/nat-status.ts'

/** To be told of all readings whenever one has changed. */
export function natTeller(log: Log): (readings: readonly UplinkNat[]) => void {
  let told = new Map<string, string>()
  return (readings) => {
    const before = told
    told = new Map(readings.map((one) => [`${one.uplink} ${one.family}`, essence(one)]))
    for (const reading of readings) {
      const { uplink, family, isBlocked } = reading
      if (before.get(`${uplink} ${family}`) === essence(reading)) continue
      const fields = { uplink, detail: natText(reading) }
      if (isBlocked) log.warn(fields, 'no STUN server answers')
      else log.info(fields, 'NAT looked at')
    }
  }
}

/** Where each destination sees another port, that of today is no news. */
function essence(reading: UplinkNat): string {
  const { mapped, mapping, filtering, isBlocked } = reading
  const port = isSymmetric(reading) ? 0 : mapped?.port
  return JSON.stringify([mapped?.address, port, mapping, filtering, isBlocked])
}
