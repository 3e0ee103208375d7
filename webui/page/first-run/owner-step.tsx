/** Whose the box is: a controller's, claimed by a code that both ends show, or nobody's but this site's. */
import { useState } from 'preact/hooks'
import type { EnrolmentAnswer, OwnerOffer } from '../../../firmware/model/enrolment.ts'
import { useAnswer } from '../../live/answer.ts'
import { type CallError, call, errorOf } from '../../live/call.ts'
import { Button } from '../../part/button.tsx'
import { TextField } from '../../part/field.tsx'
import { Icon } from '../../part/icon.tsx'
import type { IconName } from '../../part/icon-shapes.ts'
import { KeyValue } from '../../part/key-value.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { Words } from '../../part/words.tsx'
import { firstRunText } from '../../text/en-first-run.ts'
import { list, sentence } from '../../text/format.ts'
import { StepHead } from './step-head.tsx'

const text = firstRunText.owner
const everyMs = 2_000
/** A name or an address, and a port: what the box takes (model/host-port.ts) it says itself. */
const hostPort = /^[A-Za-z0-9_[][A-Za-z0-9_.:[\]-]{0,259}$/

export function OwnerStep({ onDone }: { readonly onDone: () => void }) {
  const { value, error, reload } = useAnswer<EnrolmentAnswer>('/enrolment', { everyMs })
  const [chosen, setChoice] = useState<'controller' | 'alone' | null>(null)
  // Somebody is at the door already: it needs no choice to see who.
  const choice = chosen ?? (value !== null && value.offers.length > 0 ? 'controller' : null)
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  // Going on without it is possible, and not what was chosen.
  const isUnanswered =
    choice === 'controller' && !value.offers.some(({ isConfirmed }) => isConfirmed)
  if (value.state === 'owned') return <Owned enrolment={value} onDone={onDone} />
  return (
    <>
      <StepHead title={text.title} about={text.about} />
      <div class="choices">
        <Option
          icon="globe"
          title={text.controller}
          about={text.controllerAbout}
          isChosen={choice === 'controller'}
          onChoose={() => setChoice('controller')}
        />
        <Option
          icon="box"
          title={text.alone}
          about={text.aloneAbout}
          isChosen={choice === 'alone'}
          onChoose={() => setChoice('alone')}
        />
      </div>
      {choice === 'controller' && <Claim enrolment={value} onChange={reload} />}
      <div class="actions">
        <Button
          kind={isUnanswered ? 'plain' : 'primary'}
          isDisabled={choice === null}
          onClick={onDone}
        >
          {firstRunText.next}
        </Button>
      </div>
    </>
  )
}

interface OptionProps {
  readonly icon: IconName
  readonly title: string
  readonly about: string
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function Option({ icon, title, about, isChosen, onChoose }: OptionProps) {
  return (
    <button type="button" class="option" aria-pressed={isChosen} onClick={onChoose}>
      <Icon name={icon} size={22} />
      <span>
        <b>{title}</b>
        <span class="quiet small">{about}</span>
      </span>
      {isChosen && <Icon name="check" />}
    </button>
  )
}

interface ClaimProps {
  readonly enrolment: EnrolmentAnswer
  readonly onChange: () => void
}

function Claim({ enrolment, onChange }: ClaimProps) {
  const { offers, controllers, lastError, serial } = enrolment
  return (
    <section class="claim" aria-live="polite">
      {offers.map((offer) => (
        <Offer key={offer.controller} offer={offer} serial={serial} onChange={onChange} />
      ))}
      {offers.length === 0 && (
        <>
          {controllers.length > 0 && (
            <p class="quiet">
              <span class="spinner is-inline" aria-hidden="true" /> {text.looking} {text.asked}{' '}
              {list(controllers)}
            </p>
          )}
          <Ask onChange={onChange} />
        </>
      )}
      {lastError !== null && (
        <Notice tone="warn" title={text.refused}>
          {sentence(lastError.message)} <code class="quiet">{lastError.code}</code>
        </Notice>
      )}
    </section>
  )
}

interface OfferProps {
  readonly offer: OwnerOffer
  readonly serial: string
  readonly onChange: () => void
}

function Offer({ offer, serial, onChange }: OfferProps) {
  const { controller, code, isConfirmed } = offer
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)
  const confirm = async (): Promise<void> => {
    setBusy(true)
    try {
      await call('POST', '/enrolment/confirm', { body: { code } })
      setError(null)
    } catch (thrown) {
      setError(errorOf(thrown))
    } finally {
      setBusy(false)
      onChange()
    }
  }
  return (
    <>
      <p>{text.claim(controller)}</p>
      <dl class="claim-code">
        <div>
          <dt>{text.serial}</dt>
          <dd>{serial}</dd>
        </div>
        <div>
          <dt>{text.code}</dt>
          <dd>{code}</dd>
        </div>
      </dl>
      {isConfirmed ? (
        <Notice tone="good" isLive>
          {text.confirmed}
        </Notice>
      ) : (
        <div class="actions">
          <p>{text.compare}</p>
          <Button kind="primary" icon="check" isBusy={isBusy} onClick={() => void confirm()}>
            {text.confirm}
          </Button>
        </div>
      )}
      <ErrorNotice error={error} />
    </>
  )
}

function Ask({ onChange }: { readonly onChange: () => void }) {
  const [address, setAddress] = useState('')
  const [isTried, setTried] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)
  const isSound = hostPort.test(address.trim())
  const ask = async (): Promise<void> => {
    setTried(true)
    if (!isSound) return
    setBusy(true)
    try {
      const body = { controllers: [address.trim()] }
      await call('POST', '/enrolment/controller', { body })
      setError(null)
    } catch (thrown) {
      setError(errorOf(thrown))
    } finally {
      setBusy(false)
      onChange()
    }
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void ask()
      }}
    >
      <TextField
        label={text.address}
        help={<Words text={text.addressHelp} />}
        error={isTried && !isSound ? text.addressError : null}
        value={address}
        onInput={setAddress}
        inputMode="url"
        maxLength={260}
        isMono
      />
      <ErrorNotice error={error} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {text.ask}
        </Button>
      </div>
    </form>
  )
}

interface OwnedProps {
  readonly enrolment: EnrolmentAnswer
  readonly onDone: () => void
}

function Owned({ enrolment, onDone }: OwnedProps) {
  const { serial, ownerFingerprint, controllers, isLinked } = enrolment
  return (
    <>
      <StepHead title={text.owned} about={text.controllerAbout} />
      <KeyValue
        items={[
          [text.serial, serial],
          [text.controllers, list(controllers)],
          [text.linked, isLinked ? text.linkedTexts.yes : text.linkedTexts.no],
          [
            text.ownedBy,
            ownerFingerprint === null ? null : <code key="f">{ownerFingerprint}</code>,
          ],
        ]}
      />
      <div class="actions">
        <Button kind="primary" onClick={onDone}>
          {firstRunText.next}
        </Button>
      </div>
    </>
  )
}
