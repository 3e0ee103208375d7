/**
 * Changes a text in the place of one edit alone. Gives candidates, best first: whoever calls reads what they say. Knows block
 * and flow style; what it does not know it leaves to others by giving none.
 */
import { type Document, isCollection, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import type { Edit } from './edit.ts'
import type { Place } from './place.ts'
import { spellEntry, spellField, spellFlow, type Value } from './spell.ts'

export function* spliced(text: string, document: Document.Parsed, edit: Edit): Iterable<string> {
  const { contents } = document
  switch (edit.kind) {
    case 'set':
      yield* set(text, contents, edit.at, edit.value)
      return
    case 'remove':
      yield* remove(text, contents, edit.at)
      return
    case 'insert': {
      const list = nodeAt(contents, edit.at)
      if (isSeq(list) && list.items.length > 0) yield* insert(text, list, edit.index, edit.value)
      else yield* set(text, contents, edit.at, [edit.value])
      return
    }
    case 'move': {
      const list = nodeAt(contents, edit.at)
      if (isSeq(list)) yield* move(text, list, edit.from, edit.to)
    }
  }
}

function* set(text: string, root: unknown, at: Place, value: Value): Iterable<string> {
  const holder = nodeAt(root, at.slice(0, -1))
  const last = at.at(-1)!
  if (isSeq(holder)) {
    const item = holder.items[Number(last)] as Node | undefined
    if (item !== undefined) yield* replaceEntry(text, holder, Number(last), value)
    return
  }
  if (!isMap(holder)) {
    // Not even what should hold it is there.
    if (at.length > 1 && typeof last === 'string')
      yield* set(text, root, at.slice(0, -1), { [last]: value })
    return
  }
  const pair = pairOf(holder, last)
  if (pair === undefined) yield* addField(text, holder, String(last), value)
  else yield* replaceField(text, holder, pair, value)
}

function* replaceField(text: string, holder: Node, pair: Pair, value: Value): Iterable<string> {
  const node = pair.value as Node | null
  const range = node?.range
  const key = (pair.key as Node).range
  if (range == null || key == null) return
  const isWord = typeof value !== 'object' || value === null
  if (isFlow(holder) || (isWord ? isScalar(node) : isFlow(node) && !holdsFields(value))) {
    yield replaced(text, range[0], range[1], spellFlow(value))
  }
  if (isFlow(holder)) return
  const indent = ' '.repeat(columnAt(text, key[0]))
  const lines = spellField(String((pair.key as { value?: unknown }).value), value)
  const end = isScalar(node) || isFlow(node) ? range[1] : endOfText(text, range[1])
  yield replaced(text, key[0], end, lines.join(`\n${indent}`))
}

function* replaceEntry(text: string, list: Node, index: number, value: Value): Iterable<string> {
  if (!isSeq(list)) return
  const item = list.items[index] as Node
  if (item.range == null) return
  if (isFlow(list) || isScalar(item))
    yield replaced(text, item.range[0], item.range[1], spellFlow(value))
  if (isFlow(list)) return
  const dash = dashBefore(text, item.range[0])
  const indent = ' '.repeat(columnAt(text, dash))
  const end = isScalar(item) || isFlow(item) ? item.range[1] : endOfText(text, item.range[1])
  yield replaced(text, dash, end, spellEntry(value).join(`\n${indent}`))
}

/** Behind what is there. */
function* addField(text: string, holder: Node, name: string, value: Value): Iterable<string> {
  if (!isMap(holder) || holder.range == null) return
  const last = holder.items.at(-1)
  if (isFlow(holder)) {
    const close = holder.range[1] - 1
    const field = `${spellFlow(name)}: ${spellFlow(value)}`
    yield last === undefined
      ? replaced(text, holder.range[0], holder.range[1], `{ ${field} }`)
      : replaced(text, endOfText(text, close), endOfText(text, close), `, ${field}`)
    return
  }
  if (last === undefined) return
  const first = (holder.items[0]!.key as Node).range!
  const indent = ' '.repeat(columnAt(text, first[0]))
  const after = endOfLine(text, endOfNode(last))
  const lines = spellField(name, value).map((line) => `\n${indent}${line}`)
  yield replaced(text, after, after, lines.join(''))
}

function* remove(text: string, root: unknown, at: Place): Iterable<string> {
  const holder = nodeAt(root, at.slice(0, -1))
  const last = at.at(-1)!
  if (!isCollection(holder)) return
  const index = isMap(holder) ? holder.items.indexOf(pairOf(holder, last)!) : Number(last)
  if (index < 0 || index >= holder.items.length) return
  if (holder.items.length === 1) {
    // What is left is an empty list, or empty fields.
    if (at.length > 1) yield* set(text, root, at.slice(0, -1), isMap(holder) ? {} : [])
    return
  }
  if (isFlow(holder)) {
    const spans = holder.items.map((item) => spanOf(item))
    const [start, end] = spans[index]!
    if (index === 0) yield replaced(text, start, spans[1]![0], '')
    else yield replaced(text, spans[index - 1]![1], end, '')
    return
  }
  const [start, end] = regionOf(text, holder, index)
  yield* cut(text, start, end, holder, index)
}

/** The first key of an entry stands behind its dash. */
function* cut(
  text: string,
  start: number,
  end: number,
  holder: Node,
  index: number,
): Iterable<string> {
  const line = text.slice(lineStart(text, start), start)
  if (!isMap(holder) || !/-\s*$/.test(line)) yield replaced(text, start, end, '')
  else {
    const next = holder.items[index + 1]
    if (next !== undefined) yield replaced(text, start, (next.key as Node).range![0], '')
  }
}

function* insert(text: string, list: Node, index: number, value: Value): Iterable<string> {
  if (!isSeq(list)) return
  const items = list.items as Node[]
  const before = items[index]
  if (isFlow(list)) {
    const word = spellFlow(value)
    const at = before === undefined ? items.at(-1)!.range![1] : before.range![0]
    yield replaced(text, at, at, before === undefined ? `, ${word}` : `${word}, `)
    return
  }
  const dash = dashBefore(text, items[0]!.range![0])
  const indent = ' '.repeat(columnAt(text, dash))
  const lines = spellEntry(value).map((line) => `${indent}${line}`)
  if (before === undefined) {
    const after = endOfLine(text, endOfNode(items.at(-1)!))
    yield replaced(text, after, after, `\n${lines.join('\n')}`)
    return
  }
  const [start] = regionOf(text, list, index)
  yield replaced(text, start, start, `${lines.join('\n')}\n`)
}

function* move(text: string, list: Node, from: number, to: number): Iterable<string> {
  if (!isSeq(list) || from >= list.items.length || to >= list.items.length) return
  const regions = list.items.map((item, index) =>
    isFlow(list) ? spanOf(item as Node) : regionOf(text, list, index),
  )
  const order = regions.map((_, index) => index)
  order.splice(to, 0, ...order.splice(from, 1))
  let result = text.slice(0, regions[0]![0])
  for (const [index, source] of order.entries()) {
    const [start, end] = regions[source]!
    const between = regions[index + 1]
    const part = text.slice(start, end)
    // The last line of a file may have no end.
    result += isFlow(list) || part.endsWith('\n') ? part : `${part}\n`
    if (between !== undefined) result += text.slice(regions[index]![1], between[0])
  }
  yield result + text.slice(regions.at(-1)![1])
}

/** Of an entry of a block: whole lines, with the comment right above it, to the beginning of the line behind it. */
function regionOf(text: string, holder: Node, index: number): readonly [number, number] {
  if (!isCollection(holder)) return [0, 0]
  const item = holder.items[index]! as Node | Pair
  const [begin] = spanOf(item)
  const own = isSeq(holder) ? dashBefore(text, begin) : begin
  const isBehindDash = isMap(holder) && /-\s*$/.test(text.slice(lineStart(text, own), own))
  const start = isBehindDash
    ? own
    : withComments(text, lineStart(text, own), columnAt(text, own), index)
  const end = endOfLine(text, endOfNode(item))
  return [start, Math.min(end + 1, text.length)]
}

/** Lines of comment right above, in the same column; those above the first entry may be about all. */
function withComments(text: string, start: number, column: number, index: number): number {
  let from = start
  while (index > 0 && from > 0) {
    const above = lineStart(text, from - 1)
    const line = text.slice(above, from - 1)
    if (line.search(/\S/) !== column || line[column] !== '#') break
    from = above
  }
  return from
}

function spanOf(item: unknown): readonly [number, number] {
  const { key } = item as Pair
  if (key === undefined) {
    const range = (item as Node).range!
    return [range[0], range[1]]
  }
  return [(key as Node).range![0], endOfNode(item)]
}

/** Behind its last letter, without comments behind it. */
function endOfNode(item: unknown): number {
  const { key, value } = item as Pair
  const node = key === undefined ? (item as Node) : ((value as Node | null) ?? (key as Node))
  if (isCollection(node) && !isFlow(node) && node.items.length > 0)
    return endOfNode(node.items.at(-1))
  return node.range?.[1] ?? 0
}

/** Behind the last letter before an offset. */
function endOfText(text: string, before: number): number {
  return before - (/\s*$/.exec(text.slice(0, before))?.[0].length ?? 0)
}

function endOfLine(text: string, from: number): number {
  // The value of a block scalar holds its last line break.
  const start = text[from - 1] === '\n' ? from - 1 : from
  const end = text.indexOf('\n', start)
  return end < 0 ? text.length : end
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

function columnAt(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

function dashBefore(text: string, offset: number): number {
  return text.lastIndexOf('-', offset)
}

function replaced(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end)
}

function nodeAt(root: unknown, place: Place): unknown {
  let node = root
  for (const token of place) {
    if (isMap(node)) node = pairOf(node, token)?.value
    else if (isSeq(node)) node = node.items[Number(token)]
    else return undefined
  }
  return node
}

function pairOf(holder: unknown, name: string | number): Pair | undefined {
  if (!isMap(holder)) return undefined
  return holder.items.find(({ key }) => isScalar(key) && String(key.value) === String(name))
}

function isFlow(node: unknown): boolean {
  return isCollection(node) && node.flow === true
}

function holdsFields(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((inner) => typeof inner === 'object' && inner !== null)
}
