/** What people want to know of a certificate: whose it is, what for, until when. RFC 5280. */
import { X509Certificate } from 'node:crypto'
import type { CertificateAnswer } from '../../model/local-api-system.ts'

const mostNames = 64
const mostChars = 256

/** @param pem may hold a key too, which is not looked at. Null: there is no certificate in it that can be read */
export function viewCertificate(
  pem: string,
  use: CertificateAnswer['use'],
  wallMs: number,
): CertificateAnswer | null {
  const [text] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem) ?? []
  if (text === undefined) return null
  try {
    const certificate = new X509Certificate(text)
    const endMs = certificate.validToDate.getTime()
    return {
      use,
      subject: nameOf(certificate.subject),
      issuer: nameOf(certificate.issuer),
      names: (certificate.subjectAltName ?? '')
        .split(', ')
        .filter((name) => name !== '')
        .map((name) => name.replace(/^(DNS|IP Address|URI):/, '').slice(0, mostChars))
        .slice(0, mostNames),
      fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      beginSeconds: certificate.validFromDate.getTime() / 1000,
      endSeconds: endMs / 1000,
      remainingSeconds: (endMs - wallMs) / 1000,
    }
  } catch {
    // Nothing to show of what cannot be read; who serves it makes another.
    return null
  }
}

/** `CN=Causeway gateway` → `Causeway gateway`. */
function nameOf(distinguished: string): string {
  const [, name] = /(?:^|\n)CN=([^\n]*)/.exec(distinguished) ?? []
  return (name ?? distinguished.replaceAll('\n', ', ')).slice(0, mostChars)
}
