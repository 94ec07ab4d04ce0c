/** Console: the terminal on the screen. Output, sizes and snapshots take effect in order. */
import { FitAddon } from '@xterm/addon-fit'
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { WebglAddon } from '@xterm/addon-webgl'
import { type ITheme, Terminal } from '@xterm/xterm'
import type { TerminalSize, TerminalSnapshot } from '../client/terminal-socket.ts'
import { make } from './elements.ts'
import { openHiddenLink, openLink } from './open-link.ts'
import { withoutControls } from './pasted-text.ts'
import { WholeCharacters } from './whole-characters.ts'
import { WriteQueue } from './write-queue.ts'

/** In CSS pixels: the font size for the implementor, and the smallest to which a larger terminal is shrunk for an observer. */
const fontPixels = { usual: 14, smallest: 7 } as const

/** Lines above the screen. */
const scrollback = 10_000

const theme: ITheme = {
  background: '#0d1217',
  foreground: '#dbe4ec',
  cursor: '#6cb6ff',
  cursorAccent: '#0d1217',
  selectionBackground: '#2f4a66',
  black: '#1b232b',
  red: '#f47067',
  green: '#6bc46d',
  yellow: '#d9a441',
  blue: '#6cb6ff',
  magenta: '#c49cf0',
  cyan: '#4fc1c9',
  white: '#cfd8e0',
  brightBlack: '#7d8d9b',
  brightRed: '#ff938a',
  brightGreen: '#8ddb8c',
  brightYellow: '#f0c674',
  brightBlue: '#96d0ff',
  brightMagenta: '#dcbdfb',
  brightCyan: '#7fdbe2',
  brightWhite: '#f5f9fc',
}

/** The events of a screen. */
export type ScreenOptions = {
  /** What was typed, pasted, or answered by the terminal itself; never from an observer. */
  readonly onInput: (bytes: Uint8Array) => void
  /** The text of a paste that is about to be sent. */
  readonly onPaste: (text: string) => void
  /** A key was pressed or a text pasted by the implementor. */
  readonly onTyped: () => void
  /** The size that would fill the place, on a change while the user is the implementor. */
  readonly onFit: (size: TerminalSize) => void
  /** The user wants the keyboard out of the terminal. */
  readonly onEscape: () => void
  /** An observer pressed a key that types. */
  readonly onVainKey: () => void
}

/** One terminal on the page. */
export class TerminalScreen {
  readonly element: HTMLElement = make('div', { class: 'screen' })
  readonly #options: ScreenOptions
  readonly #terminal: Terminal
  readonly #fit = new FitAddon()
  readonly #queue: WriteQueue
  readonly #whole = new WholeCharacters()
  readonly #resized: ResizeObserver
  #isTyping = false

  constructor(options: ScreenOptions) {
    this.#options = options
    this.#terminal = new Terminal({
      allowProposedApi: true,
      cursorBlink: false,
      disableStdin: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: fontPixels.usual,
      linkHandler: { activate: (_event, address) => void openHiddenLink(address) },
      logLevel: 'off',
      scrollback,
      theme,
    })
    this.#queue = new WriteQueue(this.#terminal)
    this.#resized = new ResizeObserver(() => this.#adapt())
  }

  /** Draws; the element must be in the page. */
  open(): void {
    const terminal = this.#terminal
    terminal.loadAddon(new UnicodeGraphemesAddon())
    terminal.loadAddon(this.#fit)
    terminal.loadAddon(new WebLinksAddon((_event, address) => openLink(address)))
    terminal.open(this.element)
    drawWithGraphics(terminal)
    const encoder = new TextEncoder()
    terminal.onData((text) => this.#type(encoder.encode(text)))
    // Not on data, because the terminal answers programs by itself.
    terminal.onKey(() => {
      if (this.#isTyping) this.#options.onTyped()
    })
    terminal.onBinary((text) => this.#type(Uint8Array.from(text, (character) => character.charCodeAt(0))))
    terminal.attachCustomKeyEventHandler((event) => this.#takesKey(event))
    this.#takePastes()
    this.#resized.observe(this.element)
    this.#tellName()
  }

  /** Whether input is sent. */
  set isTyping(isTyping: boolean) {
    this.#isTyping = isTyping
    this.#terminal.options.disableStdin = !isTyping
    this.element.classList.toggle('watching', !isTyping)
    this.#tellName()
    this.#adapt()
  }

  /** Gives the empty terminal the size of its place, and returns the size. */
  fill(): TerminalSize {
    const size = this.fittingSize()
    this.#terminal.resize(size.cols, size.rows)
    return size
  }

  /** The size that fills the place; while it is unknown, the terminal's own. */
  fittingSize(): TerminalSize {
    const { cols, rows } = this.#terminal
    const proposed = this.#fit.proposeDimensions()
    const isKnown = proposed !== undefined && Number.isFinite(proposed.cols) && Number.isFinite(proposed.rows)
    return isKnown ? { cols: proposed.cols, rows: proposed.rows } : { cols, rows }
  }

  /** Shows output; `parsed` is called when it is in the terminal. */
  write(bytes: Uint8Array, parsed: () => void): void {
    this.#queue.write(this.#whole.take(bytes), parsed)
  }

  /** Sets a size after the output before it. */
  resize({ cols, rows }: TerminalSize): void {
    this.#queue.run(() => {
      this.#terminal.resize(cols, rows)
      this.#adapt()
    })
  }

  /** Shows a whole screen instead of everything before. */
  restore({ cols, rows, bytes }: TerminalSnapshot, parsed: () => void): void {
    this.#whole.reset()
    this.#queue.run(() => {
      this.#terminal.reset()
      this.#terminal.resize(cols, rows)
      this.#adapt()
    })
    this.#queue.write(bytes, parsed)
  }

  /** Lets screen readers read the output, which takes time if there is much. */
  set isReadAloud(isReadAloud: boolean) {
    this.#terminal.options.screenReaderMode = isReadAloud
  }

  focus(): void {
    this.#terminal.focus()
  }

  close(): void {
    this.#resized.disconnect()
    this.#terminal.dispose()
  }

  #tellName(): void {
    this.#terminal.textarea?.setAttribute('aria-label', this.#isTyping ? 'Terminal' : 'Terminal, watching')
  }

  #type(bytes: Uint8Array): void {
    if (this.#isTyping) this.#options.onInput(bytes)
  }

  /** Before the terminal library, which would send everything in the text. */
  #takePastes(): void {
    const { element } = this
    const first = { capture: true }
    element.addEventListener('paste', (event) => this.#takeTransfer(event, event.clipboardData), first)
    element.addEventListener('drop', (event) => this.#takeTransfer(event, event.dataTransfer), first)
    // Otherwise the browser leaves the page for the dropped file or link.
    element.addEventListener('dragover', (event) => event.preventDefault())
    element.addEventListener('beforeinput', (event) => this.#takeInserted(event), first)
    element.addEventListener('input', () => cleanValue(this.#terminal.textarea), first)
  }

  #takeTransfer(event: Event, data: DataTransfer | null): void {
    event.preventDefault()
    event.stopPropagation()
    this.#paste(data?.getData('text/plain') ?? '')
  }

  /** Text that comes at once, without keys, is a paste. */
  #takeInserted(event: InputEvent): void {
    const { data } = event
    if (!event.cancelable || data === null || data === withoutControls(data)) return
    event.preventDefault()
    event.stopPropagation()
    this.#paste(data)
  }

  #paste(text: string): void {
    const harmless = withoutControls(text)
    if (!this.#isTyping || harmless === '') return
    this.#options.onPaste(harmless)
    this.#options.onTyped()
    this.#terminal.paste(harmless)
    this.focus()
  }

  /**
   * The implementor gets a terminal that fits the place; an observer gets the terminal as it is, shrunk if that helps.
   */
  #adapt(): void {
    if (this.#terminal.element === undefined) return
    if (this.#isTyping) {
      this.#terminal.options.fontSize = fontPixels.usual
      this.#options.onFit(this.fittingSize())
    } else this.#shrink()
  }

  #shrink(): void {
    const screen = this.element.querySelector('.xterm-screen')
    if (screen === null || screen.clientWidth === 0 || screen.clientHeight === 0) return
    const before = this.#terminal.options.fontSize ?? fontPixels.usual
    const room = Math.min(
      this.element.clientWidth / screen.clientWidth,
      this.element.clientHeight / screen.clientHeight,
    )
    const fitting = Math.floor(before * room * 2) / 2
    this.#terminal.options.fontSize = Math.max(fontPixels.smallest, Math.min(fontPixels.usual, fitting))
  }

  /** Programs get every key except two, which other terminals do not send either. */
  #takesKey(event: KeyboardEvent): boolean {
    const isOurs = event.type === 'keydown' && event.ctrlKey && event.shiftKey && !event.altKey && !event.metaKey
    if (isOurs && event.code === 'KeyL') {
      event.preventDefault()
      this.#options.onEscape()
      return false
    }
    if (isOurs && event.code === 'KeyC' && this.#terminal.hasSelection()) {
      event.preventDefault()
      void navigator.clipboard?.writeText(this.#terminal.getSelection())
      return false
    }
    if (!this.#isTyping && isTypingKey(event)) this.#options.onVainKey()
    return true
  }
}

/** The text of an input method is not there yet; the terminal library reads it after this. */
function cleanValue(textarea: HTMLTextAreaElement | undefined): void {
  if (textarea === undefined) return
  const harmless = withoutControls(textarea.value)
  if (harmless !== textarea.value) textarea.value = harmless
}

/** Returns whether a key enters something: a character, or the typed line. */
function isTypingKey({ type, key, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  return type === 'keydown' && !ctrlKey && !altKey && !metaKey && (key.length === 1 || key === 'Enter')
}

/** Draws with WebGL if the browser has it, otherwise with elements, also when the graphics context is lost. */
function drawWithGraphics(terminal: Terminal): void {
  const addon = new WebglAddon()
  addon.onContextLoss(() => addon.dispose())
  try {
    terminal.loadAddon(addon)
  } catch (cause) {
    console.info('Drawing without WebGL.', cause)
    addon.dispose()
  }
}
