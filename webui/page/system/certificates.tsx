/** The certificates of the box: whose, for what, until when. */
import type { CertificateAnswer } from '../../../firmware/model/local-api-system.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import type { Tone } from '../../part/tone.ts'
import { systemText } from '../../text/en-system.ts'
import { duration } from '../../text/format.ts'
import { useSystem } from './status.tsx'

const text = systemText.certificates
const daySeconds = 86_400

export function Certificates() {
  const { value, error } = useSystem()
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  const { certificates } = value
  if (certificates.length === 0) {
    return (
      <Card title={text.title}>
        <Empty icon="lock" title={text.none}>
          <p>{text.noneAbout}</p>
        </Empty>
      </Card>
    )
  }
  return (
    <>
      <p class="quiet">{text.about}</p>
      {certificates.map((one) => (
        <Shown key={one.fingerprint} certificate={one} />
      ))}
    </>
  )
}

function Shown({ certificate }: { readonly certificate: CertificateAnswer }) {
  const { use, subject, issuer, names, fingerprint, endSeconds, remainingSeconds } = certificate
  const { columns } = text
  return (
    <Card
      title={text.uses[use]}
      actions={
        <Badge tone={toneOf(remainingSeconds)}>
          {remainingSeconds < 0 ? text.ended : `${duration(remainingSeconds)}`}
        </Badge>
      }
    >
      <div class="stack">
        <KeyValue
          items={[
            [columns.subject, isLong(subject) ? null : subject],
            [columns.issuer, issuer === subject ? text.own : issuer],
            [
              columns.end,
              new Date(endSeconds * 1000).toLocaleDateString('en-GB', { dateStyle: 'long' }),
            ],
            [columns.names, isLong(names.join()) ? null : names.join(', ')],
            [columns.subject, isLong(subject) ? <Long key="subject" text={subject} /> : null],
            [
              columns.names,
              isLong(names.join()) ? <Long key="names" text={names.join(', ')} /> : null,
            ],
          ]}
        />
        <div>
          <p class="small quiet">{text.fingerprint}</p>
          <p>
            <code class="fingerprint">{pairs(fingerprint)}</code>
          </p>
          {use === 'lan' && <p class="small quiet">{text.fingerprintAbout}</p>}
        </div>
      </div>
    </Card>
  )
}

/** The box makes another one before: with so little left, that fails. */
function toneOf(remainingSeconds: number): Tone {
  if (remainingSeconds < 2 * daySeconds) return 'bad'
  return remainingSeconds < 14 * daySeconds ? 'warn' : 'good'
}

/** Names of devices are of 64 digits: they get a line of their own. */
function isLong(text: string): boolean {
  return text.length > 60
}

function Long({ text: long }: { readonly text: string }) {
  return <code class="is-long">{long}</code>
}

/** As browsers show it. */
function pairs(hex: string): string {
  return (hex.match(/../g) ?? []).join(':').toUpperCase()
}
