/** The pencil beside an entry of the configuration. */
import { Button } from '../../part/button.tsx'
import { configText } from '../../text/en-config.ts'

export interface EditButtonProps {
  /** Of what it edits: said to who does not see where it stands. */
  readonly name: string
  readonly onClick: () => void
}

export function EditButton({ name, onClick }: EditButtonProps) {
  return <Button kind="quiet" icon="edit" isSmall label={configText.edit(name)} onClick={onClick} />
}
