/** Profiles: what each class gets of a full uplink. The built-in ones are shown, and can be taken the place of. */
import { useState } from 'preact/hooks'
import { defaultProfileName, type Profile } from '../../../firmware/model/device-config-qos.ts'
import { profilesOf } from '../../config/shares.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { NumberField, TextField } from '../../part/field.tsx'
import { configText } from '../../text/en-config.ts'
import { qosText as text } from '../../text/en-qos.ts'
import { EditButton } from '../config/edit-button.tsx'
import { EntryForm } from '../config/entry-form.tsx'
import { type SoundConfiguration, useOpened } from '../config/use-config.ts'
import { Shares } from './shares.tsx'

export function Profiles({ configuration }: { readonly configuration: SoundConfiguration }) {
  const [edited, setEdited] = useState<number | null | undefined>(undefined)
  const { config, mayEdit } = configuration
  const own = config.profiles ?? []
  return (
    <Card
      title={text.profiles}
      about={text.profilesAbout}
      actions={
        mayEdit && (
          <Button icon="plus" isSmall onClick={() => setEdited(null)}>
            {text.addProfile}
          </Button>
        )
      }
    >
      <ul class="profiles">
        {profilesOf(configuration.config).map((profile) => {
          const index = own.indexOf(profile)
          const users = config.uplinks.filter(
            ({ profile: called = defaultProfileName }) => called === profile.name,
          )
          return (
            <li key={profile.name}>
              <p class="rule-name">
                {profile.name}
                {index < 0 && <Badge icon="lock">{text.builtIn}</Badge>}
                <span class="quiet small">
                  {users.length === 0
                    ? text.unused
                    : text.usedBy(users.map(({ name }) => name).join(', '))}
                </span>
                {mayEdit && index >= 0 && (
                  <EditButton name={profile.name} onClick={() => setEdited(index)} />
                )}
              </p>
              <Shares profile={profile} />
            </li>
          )
        })}
      </ul>
      {edited !== undefined && (
        <ProfileForm
          configuration={configuration}
          index={edited}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Card>
  )
}

const fresh: Profile = { name: '', voice: 50, business: 50, normal: 30, bulk: 20 }
const weights = ['business', 'normal', 'bulk'] as const

interface ProfileFormProps {
  readonly configuration: SoundConfiguration
  readonly index: number | null
  readonly onClose: () => void
}

function ProfileForm({ configuration, index, onClose }: ProfileFormProps) {
  const { profiles = [] } = useOpened(configuration)
  const initial = index === null ? fresh : profiles[index]!
  return (
    <EntryForm<Profile>
      title={index === null ? text.addTitle : configText.edit(initial.name)}
      configuration={configuration}
      at={['profiles']}
      index={index}
      initial={initial}
      named="profiles"
      isRemovable
      onClose={onClose}
    >
      {({ value, set, errorOf }) => (
        <>
          <TextField
            label={configText.name}
            help={configText.nameHelp}
            value={value.name}
            onInput={(name) => set({ name })}
            error={errorOf('name')}
            maxLength={31}
          />
          <NumberField
            label={text.voice}
            help={text.voiceHelp}
            value={value.voice}
            min={1}
            max={90}
            onInput={(voice) => set({ voice: voice ?? 0 })}
            error={errorOf('voice')}
          />
          <div class="form-row">
            {weights.map((name) => (
              <NumberField
                key={name}
                label={text[name]}
                help={text.weightHelp}
                value={value[name]}
                min={1}
                max={100}
                onInput={(weight) => set({ [name]: weight ?? 0 } as Partial<Profile>)}
                error={errorOf(name)}
              />
            ))}
          </div>
          <Shares profile={value} />
        </>
      )}
    </EntryForm>
  )
}
