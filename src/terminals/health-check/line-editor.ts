/** Terminals: the gateway's own line editor: bytes in, output and actions out. Pure, and the only reader of client bytes. */
import type { Completion } from '../../core/terminals/catalogue.ts'
import { lineLimits } from '../../core/terminals/command-words.ts'
import { type Decoder, decodeKeys, ground, type Key, type KeyName } from './keys.ts'
import { paintChange, paintFresh, paintLineEnd, type View } from './paint.ts'

/** Most lines of the history. */
const historyLength = 50

/** Most candidates that one Tab lists. */
const candidatesShown = 40

const bell = '\x07'
const pasteNote = 'Only the first line of the pasted text was read.'

/** The line and the editor's memory. */
export type Editor = {
  /** Printable ASCII, at most as long as a line may be. */
  readonly line: string
  readonly cursor: number
  /** Some input did not fit; such a line is never run. */
  readonly isCut: boolean
  /** Oldest first. */
  readonly history: readonly string[]
  /** The line of the history that is shown; null: the new one. */
  readonly recalled: number | null
  /** The new line before the history was used. */
  readonly draft: string
  /** Inside a bracketed paste: its first line is taken, the rest is dropped. */
  readonly paste: 'none' | 'taken' | 'thrown-away'
  readonly decoder: Decoder
}

/** The state besides the line. */
export type LineContext = {
  readonly prompt: string
  readonly cols: number
  /** A command runs: nothing is edited or stored, and Ctrl-C stops it. */
  readonly isBusy: boolean
  readonly complete: (before: string) => Completion
}

/** What the bytes request. */
export type EditorAct =
  | { readonly kind: 'none' | 'stop' | 'end-of-input' }
  | { readonly kind: 'submit'; readonly line: string; readonly isCut: boolean }

/** The result of some bytes. */
export type EditResult = { readonly editor: Editor; readonly echo: string; readonly act: EditorAct }

/** An editor with an empty line and history. */
export const emptyEditor: Editor = {
  line: '',
  cursor: 0,
  isCut: false,
  history: [],
  recalled: null,
  draft: '',
  paste: 'none',
  decoder: ground,
}

/**
 * Takes the bytes of one piece; at most one line is submitted, and input after its end is dropped.
 *
 * A piece of Ctrl-C alone is a pressed key: it ends a paste whose end never came.
 */
export function feed(editor: Editor, bytes: Uint8Array, lineContext: LineContext): EditResult {
  const isPressed = bytes.length === 1 && bytes[0] === 0x03
  const start = isPressed ? { ...editor, paste: 'none' as const, decoder: ground } : editor
  const { decoder, keys } = decodeKeys(start.decoder, bytes)
  const work: Work = { ...start, decoder, act: { kind: 'none' }, rings: false, trail: '', above: [], isCleared: false }
  for (const key of keys) takeKey(work, key, lineContext)
  return { editor: editorOf(work), echo: echoOf(editor, work, lineContext), act: work.act }
}

/** Returns the bytes that draw prompt and line on an empty row. */
export function paintEditor(editor: Editor, { prompt, cols }: Pick<LineContext, 'prompt' | 'cols'>): string {
  return paintFresh({ prompt, cols, line: editor.line, cursor: editor.cursor })
}

/** The editor while keys change it, and its output. */
type Work = { -readonly [Member in keyof Editor]: Editor[Member] } & {
  act: EditorAct
  rings: boolean
  /** Written after the line before the screen continues below it. */
  trail: string
  /** Lines between the old and the new line. */
  above: string[]
  isCleared: boolean
}

function editorOf({ line, cursor, isCut, history, recalled, draft, paste, decoder }: Work): Editor {
  return { line, cursor, isCut, history, recalled, draft, paste, decoder }
}

function takeKey(work: Work, key: Key, lineContext: LineContext): void {
  const name = key.kind === 'press' ? key.name : null
  if (name === 'answer') return
  if (name === 'paste-begin' || name === 'paste-end') {
    const isRead = !lineContext.isBusy && work.act.kind === 'none'
    work.paste = name === 'paste-end' ? 'none' : isRead ? 'taken' : 'thrown-away'
  } else if (lineContext.isBusy) takeWhileBusy(work, name)
  else if (work.act.kind !== 'none') throwAway(work)
  else if (work.paste !== 'none') takePasted(work, key)
  else if (key.kind === 'text') insert(work, key.text)
  else presses[key.name](work, lineContext)
}

function takeWhileBusy(work: Work, name: KeyName | null): void {
  if (name === 'interrupt' && work.paste === 'none') work.act = { kind: 'stop' }
}

/** Of a paste only text is taken: no key that edits, submits or ends. */
function takePasted(work: Work, key: Key): void {
  if (work.paste === 'thrown-away') throwAway(work)
  else if (key.kind === 'text') insert(work, key.text)
  else if (key.name === 'complete') insert(work, ' ')
  else if (key.name === 'line-end') work.paste = 'thrown-away'
  else ring(work)
}

function throwAway(work: Work): void {
  if (!work.above.includes(pasteNote)) work.above.push(pasteNote)
}

function insert(work: Work, text: string): void {
  if (work.line.length >= lineLimits.line) {
    work.isCut = true
    ring(work)
    return
  }
  setLine(work, work.line.slice(0, work.cursor) + text + work.line.slice(work.cursor), work.cursor + text.length)
}

function setLine(work: Work, line: string, cursor: number): void {
  work.line = line
  work.cursor = cursor
  if (line === '') work.isCut = false
}

function ring(work: Work): void {
  work.rings = true
}

/** The effect of each key while a line is edited. */
const presses: Readonly<Record<KeyName, (work: Work, lineContext: LineContext) => void>> = {
  'line-end': submit,
  interrupt: (work) => {
    work.trail = '^C'
    forget(work)
  },
  'end-of-input': (work, lineContext) => {
    if (work.line === '') work.act = { kind: 'end-of-input' }
    else presses.delete(work, lineContext)
  },
  backspace: (work) => erase(work, work.cursor - 1, work.cursor),
  delete: (work) => erase(work, work.cursor, work.cursor + 1),
  'erase-line': (work) => erase(work, 0, work.cursor),
  'erase-word': (work) => erase(work, work.line.slice(0, work.cursor).replace(/\S+\s*$/, '').length, work.cursor),
  left: (work) => moveTo(work, work.cursor - 1),
  right: (work) => moveTo(work, work.cursor + 1),
  home: (work) => moveTo(work, 0),
  end: (work) => moveTo(work, work.line.length),
  older: (work) => recall(work, (work.recalled ?? work.history.length) - 1),
  newer: (work) => recall(work, work.recalled === null ? -1 : work.recalled + 1),
  complete: completeWord,
  repaint: (work) => {
    work.isCleared = true
  },
  'paste-begin': () => undefined,
  'paste-end': () => undefined,
  answer: () => undefined,
  unknown: ring,
}

function submit(work: Work): void {
  const { line, isCut } = work
  work.act = { kind: 'submit', line, isCut }
  const isWorthKeeping = line.trim() !== '' && line !== work.history.at(-1)
  if (isWorthKeeping) work.history = [...work.history, line].slice(-historyLength)
  forget(work)
}

function forget(work: Work): void {
  setLine(work, '', 0)
  work.recalled = null
  work.draft = ''
}

function erase(work: Work, from: number, to: number): void {
  if (from < 0 || to > work.line.length || from === to) ring(work)
  else setLine(work, work.line.slice(0, from) + work.line.slice(to), from)
}

function moveTo(work: Work, cursor: number): void {
  if (cursor < 0 || cursor > work.line.length) ring(work)
  else work.cursor = cursor
}

function recall(work: Work, index: number): void {
  if (index < 0 || index > work.history.length) {
    ring(work)
    return
  }
  if (work.recalled === null) work.draft = work.line
  work.recalled = index === work.history.length ? null : index
  const line = work.history[index] ?? work.draft
  setLine(work, line, line.length)
}

function completeWord(work: Work, { complete }: LineContext): void {
  const { insert: text, candidates } = complete(work.line.slice(0, work.cursor))
  for (const character of text) insert(work, character)
  if (text !== '') return
  ring(work)
  if (candidates.length > 1) work.above.push(candidates.slice(0, candidatesShown).join('  '))
}

function echoOf(before: Editor, work: Work, { prompt, cols, isBusy }: LineContext): string {
  // Nothing is mixed into the output of a command.
  if (isBusy) return ''
  const rung = work.rings ? bell : ''
  const old: View = { prompt, cols, line: before.line, cursor: before.cursor }
  const lines = work.above.map((line) => `${line}\r\n`).join('')
  if (work.act.kind === 'submit' || work.act.kind === 'end-of-input') {
    const line = work.act.kind === 'submit' ? work.act.line : ''
    const whole: View = { prompt, cols, line, cursor: line.length }
    return `${paintChange(old, whole)}${paintLineEnd(whole)}${lines}${rung}`
  }
  const now = paintEditor(editorOf(work), { prompt, cols })
  if (work.isCleared) return `\x1b[H\x1b[2J${lines}${now}${rung}`
  if (lines !== '' || work.trail !== '') return `${paintLineEnd(old, work.trail)}${lines}${now}${rung}`
  return paintChange(old, { prompt, cols, line: work.line, cursor: work.cursor }) + rung
}
