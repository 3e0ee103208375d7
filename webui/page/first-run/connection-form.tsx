/** How an uplink is connected: by DHCP or with fixed addresses, in a VLAN, at which rates. Applied on trial. */
import { useState } from 'preact/hooks'
import { nameLetters } from '../../../firmware/model/device-config-fields.ts'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { NicAnswer, NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { isName } from '../../config/rule.ts'
import { useAnswer } from '../../live/answer.ts'
import { type CallError, CallFailure, call, errorOf } from '../../live/call.ts'
import { readStatus } from '../../live/live.ts'
import { Answer } from '../../part/answer.tsx'
import { Button } from '../../part/button.tsx'
import { NumberField, SelectField, TextField } from '../../part/field.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { showToast } from '../../part/toast.tsx'
import { Words } from '../../part/words.tsx'
import { draftText } from '../../text/en-draft.ts'
import { firstRunText } from '../../text/en-first-run.ts'
import { rate } from '../../text/format.ts'
import {
  type Connection,
  connectionOf,
  freeNics,
  freeUplinkName,
  freshConnection,
  withUplink,
} from './uplink-edit.ts'

const text = firstRunText.internet
const confirmSeconds = 120
/** It is in place, or taken back, by then. */
const timeoutMs = 135_000
/** A cable that is plugged in meanwhile shows. */
const nicsMs = 3_000
const forms = {
  address: /^\s*[0-9A-Fa-f:.]+\/\d{1,3}\s*(,\s*[0-9A-Fa-f:.]+\/\d{1,3}\s*)*$/,
  gateway: /^(\d{1,3}\.){3}\d{1,3}$/,
  rate: /^\d+(\.\d+)?[kMG]?$/,
} as const

export interface ConnectionFormProps {
  /** Null: the box has none yet. */
  readonly uplink: string | null
  /** The box has no site of its own yet: it gets a name now. */
  readonly isNewSite: boolean
  readonly onEnd: (isApplied: boolean) => void
}

export function ConnectionForm(props: ConnectionFormProps) {
  const { value, error } = useAnswer<ConfigAnswer>('/config', { isSteady: true })
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  const { uplink } = props
  if (uplink === null) return <NewConnection {...props} running={value} />
  const now = connectionOf(value.text, uplink)
  if (now === null) return <ErrorNotice error={{ code: 'API_NOT_FOUND', message: text.gone }} />
  return <Form {...props} uplink={uplink} nics={null} running={value} now={now} />
}

/** By one of the NICs that are nothing yet. */
function NewConnection(props: ConnectionFormProps & Pick<FormProps, 'running'>) {
  const told = useAnswer<NicsAnswer>('/nics', { everyMs: nicsMs })
  return (
    <Answer of={told}>
      {({ nics }) => {
        const free = freeNics(nics)
        if (free.length === 0) return <Notice tone="warn">{text.noNic}</Notice>
        const uplink = freeUplinkName(props.running.text)
        return <Form {...props} uplink={uplink} nics={free} now={freshConnection} />
      }}
    </Answer>
  )
}

interface FormProps extends ConnectionFormProps {
  readonly uplink: string
  /** Of a new uplink; null: it has its own already. */
  readonly nics: readonly NicAnswer[] | null
  readonly running: ConfigAnswer
  readonly now: Connection
}

function Form({ uplink, nics, isNewSite, onEnd, running, now }: FormProps) {
  const [nic, setNic] = useState<string | null>(null)
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
      nic: nics === null ? null : (nic ?? nics[0]!.nic),
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
      {nics !== null && (
        <SelectField
          label={text.nic}
          help={text.nicHelp}
          value={nic ?? nics[0]!.nic}
          options={nics.map((one) => [one.nic, nicText(one)])}
          onInput={setNic}
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
        {nics === null && (
          <Button kind="quiet" isDisabled={isBusy} onClick={() => onEnd(false)}>
            {text.cancel}
          </Button>
        )}
      </div>
    </form>
  )
}

function nicText({ nic, hasCarrier, speedBitsPerSecond }: NicAnswer): string {
  if (hasCarrier === null) return nic
  const speed = speedBitsPerSecond === null ? '' : `, ${rate(speedBitsPerSecond)}`
  return `${nic} (${hasCarrier ? text.cable + speed : text.noCable})`
}
