/** How the machine is: what is used of it, what it is, and whose. */
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import type { MachineAnswer, SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import { useAnswer } from '../../live/answer.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Loading } from '../../part/loading.tsx'
import { Meter } from '../../part/meter.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import type { Tone } from '../../part/tone.ts'
import { systemText } from '../../text/en-system.ts'
import { ratio, sentence } from '../../text/format.ts'

const text = systemText.status
/** As seldom as the box reads it anew. */
const everyMs = 10_000

export function useSystem() {
  return useAnswer<SystemAnswer>('/system', { everyMs, isSteady: true })
}

export function Machine() {
  const { value, error } = useSystem()
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  return (
    <>
      <Load machine={value.machine} />
      <Facts system={value} />
      <Owner owner={value.owner} />
    </>
  )
}

function Load({ machine }: { readonly machine: MachineAnswer }) {
  const { cpuRatio, cores, memoryBytes, memoryAvailableBytes, temperatureCelsius } = machine
  const { diskBytes, diskUsedBytes, gatewayCpuRatio } = machine
  const usedBytes = memoryBytes - memoryAvailableBytes
  return (
    <Card title={text.load}>
      <div class="gauges">
        <Gauge
          label={text.cpu}
          value={cpuRatio}
          about={cpuRatio === null ? text.cpuUnknown : text.cpuOf(cores)}
        />
        <Gauge
          label={text.memory}
          value={memoryBytes === 0 ? null : usedBytes / memoryBytes}
          about={text.used(usedBytes, memoryBytes)}
        />
        {diskBytes !== null && diskUsedBytes !== null && (
          <Gauge
            label={text.disk}
            value={diskBytes === 0 ? null : diskUsedBytes / diskBytes}
            about={text.used(diskUsedBytes, diskBytes)}
          />
        )}
        {temperatureCelsius !== null && (
          <Gauge
            label={text.temperature}
            value={temperatureCelsius / hottest}
            shown={text.degrees(temperatureCelsius)}
          />
        )}
      </div>
      {gatewayCpuRatio !== null && (
        <p class="quiet small">{text.gateway(ratio(gatewayCpuRatio))}</p>
      )}
    </Card>
  )
}

/** Where most processors slow down. */
const hottest = 100

interface GaugeProps {
  readonly label: string
  /** Of one; null: not known. */
  readonly value: number | null
  readonly shown?: string
  readonly about?: string
}

function Gauge({ label, value, shown, about }: GaugeProps) {
  const tone = value === null ? 'idle' : toneOf(value)
  return (
    <div class="gauge">
      <p class="gauge-label">{label}</p>
      <p class="gauge-value">{shown ?? (value === null ? '–' : `${Math.round(value * 100)} %`)}</p>
      <Meter value={value ?? 0} label={label} tone={tone} />
      {about !== undefined && <p class="quiet small">{about}</p>}
    </div>
  )
}

function toneOf(value: number): Tone {
  return value > 0.95 ? 'bad' : value > 0.85 ? 'warn' : 'good'
}

function Facts({ system }: { readonly system: SystemAnswer }) {
  const { machine, version, instance, uptimeSeconds, datapathUptimeSeconds } = system
  const { facts, since } = text
  return (
    <Card title={text.machine}>
      <KeyValue
        items={[
          [facts.version, version],
          [facts.up, since(machine.uptimeSeconds)],
          [facts.gateway, since(uptimeSeconds)],
          [
            facts.datapath,
            datapathUptimeSeconds === null ? (
              <Badge tone="bad">{facts.noDatapath}</Badge>
            ) : (
              since(datapathUptimeSeconds)
            ),
          ],
          [facts.hostname, machine.hostname],
          [facts.system, machine.system],
          [facts.kernel, `${machine.kernel} (${machine.architecture})`],
          [facts.model, machine.model],
          [facts.cpu, `${machine.cpu}, ${text.cpuOf(machine.cores)}`],
          [facts.kind, system.isAppliance ? facts.appliance : facts.noAppliance],
          [facts.instance, instance],
        ]}
      />
    </Card>
  )
}

function Owner({ owner }: { readonly owner: EnrolmentAnswer }) {
  const words = systemText.owner
  const { state, serial, deviceId, controllers, isLinked, ownerFingerprint, lastError } = owner
  return (
    <Card title={words.title}>
      <div class="stack">
        {lastError !== null && state !== 'alone' && (
          <Notice tone="warn">{words.error(sentence(lastError.message))}</Notice>
        )}
        <KeyValue
          items={[
            [words.state, words.states[state]],
            [
              words.link,
              state !== 'owned' ? null : (
                <Badge tone={isLinked ? 'good' : 'warn'}>
                  {isLinked ? words.linked : words.notLinked}
                </Badge>
              ),
            ],
            [words.controllers, controllers.join(', ')],
            [words.serial, <code key="serial">{serial}</code>],
            [
              words.deviceId,
              <code key="device" class="is-long">
                {deviceId}
              </code>,
            ],
            [
              words.fingerprint,
              ownerFingerprint === null ? null : (
                <code key="print" class="is-long">
                  {ownerFingerprint}
                </code>
              ),
            ],
          ]}
        />
      </div>
    </Card>
  )
}
