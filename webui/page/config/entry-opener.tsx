/** The form of an uplink or a peer by its name, for pages that have no configuration of their own. Loaded by entry-button.tsx. */
import { useEffect, useRef } from 'preact/hooks'
import { showToast } from '../../part/toast.tsx'
import { configText } from '../../text/en-config.ts'
import { sentence } from '../../text/format.ts'
import { PeerForm } from '../peers/peer-form.tsx'
import { UplinkForm } from '../uplinks/uplink-form.tsx'
import './config.css'
import { type Configuration, useConfig } from './use-config.ts'

export interface EntryOpenerProps {
  readonly section: 'uplinks' | 'peers'
  readonly name: string | null
  readonly onClose: () => void
}

export function EntryOpener({ section, name, onClose }: EntryOpenerProps) {
  const configuration = useConfig()
  /** Undefined: not looked for yet; -1: there is none. */
  const index = useRef<number | null | undefined>(undefined)
  if (configuration.kind === 'sound' && index.current === undefined) {
    const entries = configuration.config[section]
    index.current = name === null ? null : entries.findIndex((one) => one.name === name)
  }
  const why = index.current === -1 ? configText.calledOtherwise(name ?? '') : faultOf(configuration)
  useEffect(() => {
    if (why === null) return
    showToast(why, 'warn')
    onClose()
  }, [why])
  if (configuration.kind !== 'sound' || why !== null) return null
  const Form = section === 'uplinks' ? UplinkForm : PeerForm
  return <Form configuration={configuration} index={index.current ?? null} onClose={onClose} />
}

/** Why there is nothing to open. Null: nothing is wrong. */
function faultOf(configuration: Configuration): string | null {
  switch (configuration.kind) {
    case 'failed':
      return sentence(configuration.error.message)
    case 'none':
      return `${configText.noConfig.title}. ${configText.noConfig.text}`
    case 'unsound':
      return `${configText.unsound.title}. ${configText.unsound.text}`
    default:
      return null
  }
}
