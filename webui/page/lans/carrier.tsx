/** Whether a NIC or LAN has a carrier, as a word. */
import { Badge } from '../../part/badge.tsx'
import { lansText as text } from '../../text/en-lans.ts'

export function Carrier({ isUp }: { readonly isUp: boolean | null }) {
  if (isUp === null) return <Badge>{text.unknown}</Badge>
  return isUp ? <Badge tone="good">{text.up}</Badge> : <Badge tone="bad">{text.down}</Badge>
}
