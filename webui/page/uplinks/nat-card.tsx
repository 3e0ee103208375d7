/** What stands between an uplink and the Internet, in words. */
import type { UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { NatAnswer } from '../../../firmware/model/local-api-nat.ts'
import { Card } from '../../part/card.tsx'
import { Icon } from '../../part/icon.tsx'
import { uplinksText } from '../../text/en-uplinks.ts'
import { sentence } from '../../text/format.ts'

const text = uplinksText.nat

export function NatCard({ uplink: { nat } }: { readonly uplink: UplinkStatus }) {
  return (
    <Card title={text.title}>
      {nat.length === 0 && <p class="quiet">{text.none}</p>}
      <ul class="nats">
        {nat.map((reading) => (
          <Reading key={reading.family} reading={reading} />
        ))}
      </ul>
    </Card>
  )
}

function Reading({ reading }: { readonly reading: NatAnswer }) {
  const { family, mapped, explanation, isBlocked, ageSeconds, serversAnswered } = reading
  return (
    <li class={isBlocked ? 'is-warn' : 'is-good'}>
      <Icon name={isBlocked ? 'warn' : 'globe'} />
      <div>
        <p>
          <b>{text.families[family]}</b> {sentence(explanation)}
        </p>
        <p class="quiet small">
          {mapped !== null && (
            <>
              {text.seen} <code>{mapped}</code>.{' '}
            </>
          )}
          {text.tested(ageSeconds, serversAnswered, reading.serversAsked)}
        </p>
      </div>
    </li>
  )
}
