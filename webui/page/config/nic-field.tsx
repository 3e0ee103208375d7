/** A NIC of the box, chosen of those that it has, or written where it has it not yet. */
import { useId } from 'preact/hooks'
import type { NicAnswer } from '../../../firmware/model/local-api-lan.ts'
import { Field } from '../../part/field.tsx'
import { rate } from '../../text/format.ts'

export interface NicFieldProps {
  readonly label: string
  readonly help?: string
  readonly nics: readonly NicAnswer[]
  readonly value: string
  readonly onInput: (nic: string) => void
  readonly error: string | null
}

export function NicField(props: NicFieldProps) {
  const id = useId()
  return (
    <Field {...props}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            class="input mono"
            list={id}
            value={props.value}
            placeholder="netdev:enp1s0"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            onInput={({ currentTarget }) => props.onInput(currentTarget.value.trim())}
          />
          <datalist id={id}>
            {props.nics.map(({ nic, ports, speedBitsPerSecond, hasCarrier }) => (
              <option key={nic} value={nic}>
                {[
                  ports.map(({ name }) => name).join(', '),
                  hasCarrier === true && speedBitsPerSecond !== null
                    ? rate(speedBitsPerSecond)
                    : '',
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}
