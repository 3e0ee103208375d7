/** Files of whoever sits before the page: what they choose, and what is saved for them. */

/** Has the browser save it. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), keptMs)
}

/** As the API takes one inside JSON. */
export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const parts: string[] = []
  // A function takes some ten thousand arguments, not a million.
  for (let at = 0; at < bytes.length; at += chunk) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + chunk)))
  }
  return btoa(parts.join(''))
}

const chunk = 0x2000
const keptMs = 60_000
