/**
 * Cuts TypeScript into the tokens that the laws look at: words, string literals and punctuation, without
 * comments, template text and regular expressions. It is no parser; it only has to know what is code. Of JSX it
 * knows that tags end in slashes, and that an apostrophe in text opens no string beyond its line.
 */

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'punctuation'; readonly text: string }

/** After these a slash starts a regular expression; after anything else it divides, or ends a tag. */
const beforeRegex = /^(?:[(,=:[!&|?{};+\-*%>~^]|return|typeof|case|in|of|yield|await|=>)$/

export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  // One entry per open template: the depth of braces inside its current ${ }.
  const templates: number[] = []
  let at = 0

  const skipTemplate = (): void => {
    while (at < source.length) {
      if (source[at] === '\\') at += 2
      else if (source[at] === '`') {
        at++
        return
      } else if (source.startsWith('${', at)) {
        at += 2
        templates.push(0)
        return
      } else at++
    }
  }

  while (at < source.length) {
    const char = source[at]!
    if (source.startsWith('//', at)) {
      at = endOr(source, source.indexOf('\n', at))
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2)
      at = end < 0 ? source.length : end + 2
    } else if (char === "'" || char === '"') {
      const end = quoteEnd(source, at, char)
      tokens.push({ kind: 'string', text: source.slice(at + 1, end) })
      at = end + 1
    } else if (char === '`') {
      at++
      tokens.push({ kind: 'punctuation', text: '`' })
      skipTemplate()
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop()
      at++
      skipTemplate()
    } else if (char === '/' && startsRegex(tokens) && source[at + 1] !== '>') {
      at = regexEnd(source, at)
    } else if (/[\w$]/.test(char)) {
      const text = /^[\w$]+/.exec(source.slice(at, at + 200))![0]
      tokens.push({ kind: 'word', text })
      at += text.length
    } else {
      if (templates.length > 0 && char === '{') templates[templates.length - 1]!++
      if (templates.length > 0 && char === '}') templates[templates.length - 1]!--
      if (!/\s/.test(char)) tokens.push({ kind: 'punctuation', text: char })
      at++
    }
  }
  return tokens
}

function endOr(source: string, index: number): number {
  return index < 0 ? source.length : index
}

function quoteEnd(source: string, start: number, quote: string): number {
  let at = start + 1
  while (at < source.length && source[at] !== quote && source[at] !== '\n') {
    at += source[at] === '\\' ? 2 : 1
  }
  return at
}

function startsRegex(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1)
  return last === undefined || (last.kind !== 'string' && beforeRegex.test(last.text))
}

function regexEnd(source: string, start: number): number {
  let isInClass = false
  let at = start + 1
  for (; at < source.length && (source[at] !== '/' || isInClass); at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '[') isInClass = true
    else if (source[at] === ']') isInClass = false
  }
  return at + 1
}
