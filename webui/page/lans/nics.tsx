/** The NICs of the box: carrier, speed, and what each is; one that is free can be put to use. */
import type { NicAnswer } from '../../../firmware/model/local-api-lan.ts'
import type { CallError } from '../../live/call.ts'
import { linkTo } from '../../live/route.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { Table } from '../../part/table.tsx'
import { lansText as text } from '../../text/en-lans.ts'
import { rate } from '../../text/format.ts'
import { Carrier } from './carrier.tsx'

export interface NicsProps {
  readonly told: readonly NicAnswer[] | null
  readonly error: CallError | null
  /** Name of the NIC that is the recovery port; null: there is none. */
  readonly recovery: string | null
  readonly mayEdit: boolean
  readonly onUse: (kind: 'lan' | 'uplink', nic: string) => void
}

export function Nics({ told, error, recovery, mayEdit, onUse }: NicsProps) {
  return (
    <Card title={text.nics} about={text.nicsAbout} isFlush>
      <ErrorNotice error={error} />
      {told === null && error === null && <Loading />}
      {told !== null && (
        <Table<NicAnswer>
          caption={text.nics}
          rows={told}
          keyOf={({ nic }) => nic}
          columns={[
            {
              head: text.nic,
              isRowHead: true,
              cell: ({ nic, place }) => (
                <>
                  <code>{nic}</code>
                  {place !== null && !nic.endsWith(place) && (
                    <span class="quiet small"> {place}</span>
                  )}
                </>
              ),
            },
            {
              head: text.carrier,
              cell: ({ isPresent, hasCarrier }) =>
                isPresent ? (
                  <Carrier isUp={hasCarrier} />
                ) : (
                  <Badge tone="bad">{text.missing}</Badge>
                ),
            },
            { head: text.speed, isNumber: true, cell: (nic) => rate(nic.speedBitsPerSecond) },
            { head: text.mac, cell: ({ mac }) => <code>{mac ?? ''}</code> },
            {
              head: text.role,
              isWide: true,
              cell: (nic) => <Role nic={nic} recovery={recovery} mayEdit={mayEdit} onUse={onUse} />,
            },
          ]}
        />
      )}
    </Card>
  )
}

interface RoleProps extends Pick<NicsProps, 'recovery' | 'mayEdit' | 'onUse'> {
  readonly nic: NicAnswer
}

function Role({ nic: { nic, ports }, recovery, mayEdit, onUse }: RoleProps) {
  if (nic === `netdev:${recovery}`) return <span class="chip">{text.recovery}</span>
  if (ports.length > 0) {
    return (
      <span class="chips">
        {ports.map(({ kind, name, vlan }) => (
          <span key={name} class="chip">
            {text.roles[kind]} {kind === 'uplink' ? <a href={linkTo('uplinks')}>{name}</a> : name}
            {vlan !== null && `, ${text.vlanTag(vlan)}`}
          </span>
        ))}
      </span>
    )
  }
  if (!mayEdit) return <span class="quiet">{text.free}</span>
  return (
    <span class="chips">
      <Button isSmall onClick={() => onUse('lan', nic)}>
        {text.asLan}
      </Button>
      <Button isSmall onClick={() => onUse('uplink', nic)}>
        {text.asUplink}
      </Button>
    </span>
  )
}
