/** A file to be chosen, with a label and what is wrong with it. */
import { Field } from './field.tsx'

export interface FileFieldProps {
  readonly label: string
  readonly help?: string
  readonly error?: string | null
  /** Endings, for the browser's dialog: `.backup`. */
  readonly accept?: string
  readonly onChoose: (file: File | null) => void
}

export function FileField({ label, help, error, accept, onChoose }: FileFieldProps) {
  return (
    <Field label={label} {...(help === undefined ? {} : { help })} error={error ?? null}>
      {(attributes) => (
        <input
          {...attributes}
          class="input is-file"
          type="file"
          accept={accept}
          onChange={({ currentTarget }) => onChoose(currentTarget.files?.[0] ?? null)}
        />
      )}
    </Field>
  )
}
