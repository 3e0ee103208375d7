/** Who has an address of a LAN: names, MACs, and for how long. */
import { useState } from 'preact/hooks'
import type { HostLeaseAnswer } from '../../../firmware/model/local-api-lan.ts'
import { Button } from '../../part/button.tsx'
import { Table } from '../../part/table.tsx'
import { lansText as text } from '../../text/en-lans.ts'
import { duration } from '../../text/format.ts'

export interface LeasesProps {
  readonly lan: string
  readonly leases: readonly HostLeaseAnswer[]
}

const shownFirst = 8

export function Leases({ lan, leases }: LeasesProps) {
  const [isWhole, setWhole] = useState(false)
  if (leases.length === 0) return <p class="quiet">{text.nobody}</p>
  const shown = isWhole ? leases : leases.slice(0, shownFirst)
  return (
    <div class="flush">
      <Table<HostLeaseAnswer>
        caption={`${lan}: ${text.leases}`}
        rows={shown}
        keyOf={({ address }) => address}
        columns={[
          {
            head: text.host,
            isRowHead: true,
            cell: ({ dnsName, hostName }) =>
              dnsName ?? hostName ?? <span class="quiet">{text.noName}</span>,
          },
          { head: text.ip, cell: ({ address }) => <code>{address}</code> },
          { head: text.mac, cell: ({ mac }) => <code>{mac}</code> },
          {
            head: text.until,
            cell: ({ expiresInSeconds }) =>
              expiresInSeconds === null ? text.forever : duration(expiresInSeconds),
          },
        ]}
      />
      {shown.length < leases.length && (
        <p class="card-note">
          <Button isSmall onClick={() => setWhole(true)}>
            {text.more(leases.length - shown.length)}
          </Button>
        </p>
      )}
    </div>
  )
}
