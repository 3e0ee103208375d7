/** The form of an uplink or a peer by its name, for pages that have no configuration of their own. Loaded by entry-button.tsx. */
import { PeerForm } from '../peers/peer-form.tsx'
import { UplinkForm } from '../uplinks/uplink-form.tsx'
import './config.css'
import { useConfig } from './use-config.ts'

export interface EntryOpenerProps {
  readonly section: 'uplinks' | 'peers'
  readonly name: string | null
  readonly onClose: () => void
}

export function EntryOpener({ section, name, onClose }: EntryOpenerProps) {
  const configuration = useConfig()
  if (configuration.kind !== 'sound') return null
  const index =
    name === null ? null : configuration.config[section].findIndex((one) => one.name === name)
  if (index === -1) return null
  const Form = section === 'uplinks' ? UplinkForm : PeerForm
  return <Form configuration={configuration} index={index} onClose={onClose} />
}
