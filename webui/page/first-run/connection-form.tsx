/** How an uplink is connected: by DHCP or with fixed addresses, in a VLAN, at which rates. Applied on trial. */
import { useState } from 'preact/hooks'
import { nameLetters } from '../../../firmware/model/device-config-fields.ts'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import { isName } from '../../config/rule.ts'
import { useAnswer } from '../../live/answer.ts'
import { type CallError, CallFailure, call, errorOf } from '../../live/call.ts'
import { readStatus } from '../../live/live.ts'
import { Button } from '../../part/button.tsx'
import { NumberField, SelectField, TextField } from '../../part/field.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { showToast } from '../../part/toast.tsx'
import { Words } from '../../part/words.tsx'
import { draftText } from '../../text/en-draft.ts'
import { firstRunText } from '../../text/en-first-run.ts'
import { type Connection, connectionOf, withUplink } from './uplink-edit.ts'

const text = firstRunText.internet
const confirmSeconds = 120
/** It is in place, or taken back, by then. */
const timeoutMs = 135_000
const forms = {
  address: /^\s*[0-9A-Fa-f:.]+\/\d{1,3}\s*(,\s*[0-9A-Fa-f:.]+\/\d{1,3}\s*)*$/,
  gateway: /^(\d{1,3}\.){3}\d{1,3}$/,
  rate: /^\d+(\.\d+)?[kMG]?$/,
} as const

export interface ConnectionFormProps {
  readonly uplink: string
  /** The box has no site of its own yet: it gets a name now. */
  readonly isNewSite: boolean
  readonly onEnd: (isApplied: boolean) => void
}

export function ConnectionForm(props: ConnectionFormProps) {
  const { value, error } = useAnswer<ConfigAnswer>('/config', { isSteady: true })
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  const now = connectionOf(value.text, props.uplink)
  if (now === null) return <ErrorNotice error={{ code: 'API_NOT_FOUND', message: text.none }} />
  return <Form {...props} running={value} now={now} />
}

interface FormProps extends ConnectionFormProps {
  readonly running: ConfigAnswer
  readonly now: Connection
}

function Form({ uplink, isNewSite, onEnd, running, now }: FormProps) {
  const [how, setHow] = useState<'dhcp' | 'fixed'>(now.address === 'dhcp' ? 'dhcp' : 'fixed')
  const [address, setAddress] = useState(now.address === 'dhcp' ? '' : now.address.join(', '))
  const [gateway, setGateway] = useState(now.gateway)
  const [vlan, setVlan] = useState(now.vlan)
  const [up, setUp] = useState(now.up)
  const [down, setDown] = useState(now.down)
  const [site, setSite] = useState('')
  const [isTried, setTried] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)

  const isFixed = how === 'fixed'
  const faults = {
    address: isFixed && !forms.address.test(address) ? text.addressError : null,
    gateway: isFixed && gateway !== '' && !forms.gateway.test(gateway) ? text.gatewayError : null,
    up: up !== '' && !forms.rate.test(up) ? text.rateError : null,
    down: down !== '' && !forms.rate.test(down) ? text.rateError : null,
    site: isNewSite && !isName(site) ? text.siteHelp.replaceAll('`', '') : null,
  }
  const shown = (fault: string | null): string | null => (isTried ? fault : null)

  const apply = async (): Promise<void> => {
    setTried(true)
    if (Object.values(faults).some((fault) => fault !== null)) return
    const addresses = address.split(',').map((one) => one.trim())
    const changed = withUplink(running, {
      name: uplink,
      address: isFixed ? addresses : 'dhcp',
      ...{ gateway, vlan, up, down },
      site: isNewSite ? { name: site, tenant: crypto.randomUUID() } : null,
    })
    setBusy(true)
    setError(null)
    try {
      await call('POST', '/config/apply', {
        body: { text: changed, confirmSeconds },
        timeoutMs,
      })
      await readStatus()
      onEnd(true)
    } catch (thrown) {
      if (thrown instanceof CallFailure && thrown.status === 0) {
        // It may be in place all the same: then the status tells of the trial.
        showToast(draftText.unanswered, 'warn')
        onEnd(true)
      } else setError(errorOf(thrown))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void apply()
      }}
    >
      {isNewSite && (
        <TextField
          label={text.site}
          help={<Words text={text.siteHelp} />}
          error={shown(faults.site)}
          value={site}
          onInput={setSite}
          maxLength={nameLetters}
        />
      )}
      <SelectField
        label={text.how}
        value={how}
        options={[
          ['dhcp', text.hows.dhcp],
          ['fixed', text.hows.fixed],
        ]}
        onInput={setHow}
      />
      {isFixed && (
        <div class="form-row">
          <TextField
            label={text.address}
            help={<Words text={text.addressHelp} />}
            error={shown(faults.address)}
            value={address}
            onInput={setAddress}
            isMono
          />
          <TextField
            label={text.gateway}
            help={text.gatewayHelp}
            error={shown(faults.gateway)}
            value={gateway}
            onInput={setGateway}
            isMono
          />
        </div>
      )}
      <div class="form-row">
        <TextField label={text.up} error={shown(faults.up)} value={up} onInput={setUp} isOptional />
        <TextField
          label={text.down}
          error={shown(faults.down)}
          value={down}
          onInput={setDown}
          isOptional
        />
        <NumberField
          label={text.vlan}
          value={vlan}
          onInput={setVlan}
          min={1}
          max={4094}
          isOptional
        />
      </div>
      <p class="field-help">
        <Words text={text.rateHelp} /> {text.vlanHelp}
      </p>
      <ErrorNotice error={error} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {isBusy ? text.applying : text.apply}
        </Button>
        <Button kind="quiet" isDisabled={isBusy} onClick={() => onEnd(false)}>
          {text.cancel}
        </Button>
      </div>
    </form>
  )
}
