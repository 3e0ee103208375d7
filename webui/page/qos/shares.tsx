/** A full uplink as a bar: what each class gets of it. */
import type { Profile } from '../../../firmware/model/device-config-qos.ts'
import { sharesOf } from '../../config/shares.ts'
import { qosText as text } from '../../text/en-qos.ts'

export interface SharesProps {
  readonly profile: Profile
}

/** Narrower ones have no room for a word. */
const leastWritten = 12

export function Shares({ profile }: SharesProps) {
  const shares = sharesOf(profile)
  const said = shares.map(({ class: name, percent }) =>
    name === 'voice' ? text.voiceUpTo(percent) : text.share(text.classes[name], percent),
  )
  return (
    <>
      <div
        class="shares"
        role="img"
        aria-label={`${text.shares(profile.name)}: ${said.join(', ')}`}
      >
        {shares.map(({ class: name, percent }) => (
          <span key={name} class={`class-${name}`} style={{ flexGrow: percent, flexBasis: 0 }}>
            {percent >= leastWritten ? `${percent} %` : ''}
          </span>
        ))}
      </div>
      <ul class="shares-key" aria-hidden="true">
        {shares.map(({ class: name }, index) => (
          <li key={name}>
            <i class={`class-key class-${name}`} />
            {said[index]}
          </li>
        ))}
      </ul>
    </>
  )
}
