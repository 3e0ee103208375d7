/** What a NIC's text in a device configuration says: who drives it, its name there, and which of them are the same one. */

/** The name of a NIC or device: what stands behind `netdev:` or `pmd:`. */
export function interfaceOf(nic: string): string {
  return nic.slice(nic.indexOf(':') + 1)
}

/** `pmd` is driven by DPDK and unknown to the kernel. */
export function kindOf(nic: string): 'netdev' | 'pmd' {
  return nic.startsWith('pmd:') ? 'pmd' : 'netdev'
}

/** Tells NICs apart however they are written: bus addresses with or without domain, devices whatever their arguments. */
export function deviceOf(nic: string): string {
  if (kindOf(nic) === 'netdev') return nic
  const device = interfaceOf(nic).split(',')[0]!.toLowerCase()
  return /^[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(device) ? `pmd:0000:${device}` : `pmd:${device}`
}
