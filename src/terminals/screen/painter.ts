/** Terminals: writes the bytes that bring a terminal to a state. It knows the attributes and the unfinished cluster after its own output. */
import {
  type Attributes,
  bgFlags,
  colourMode,
  type ExtendedAttributes,
  fgFlags,
  type Internals,
  readProperties,
  underlineColour,
  underlineStyle,
} from './xterm-internals.ts'

/** Attributes as the sequences that set them: two styles are equal if their texts are. */
export type CellStyle = { readonly attributes: string; readonly link: string }

/** The style of a terminal after a reset. */
export const plainStyle: CellStyle = { attributes: '\x1b[0m', link: '' }

/** SGR of the first basic colour, SGR that further colours follow, and what is between them. */
type Colours = { readonly basic: number; readonly extended: string; readonly separator: ';' | ':' }

const textColours: Colours = { basic: 30, extended: '38', separator: ';' }
const backgroundColours: Colours = { basic: 40, extended: '48', separator: ';' }
/** There are no basic ones. */
const underlineColours: Colours = { basic: 0, extended: '58', separator: ':' }

const fgSwitches = [
  [fgFlags.bold, 1],
  [fgFlags.blink, 5],
  [fgFlags.inverse, 7],
  [fgFlags.invisible, 8],
  [fgFlags.struck, 9],
] as const

const bgSwitches = [
  [bgFlags.dim, 2],
  [bgFlags.italic, 3],
  [bgFlags.overline, 53],
] as const

function sameAttributes(one: Attributes, other: Attributes): boolean {
  return one.fg === other.fg && one.bg === other.bg && one.extended === other.extended
}

/** Style and link of an extension count only if `bg` says so, its colour always. */
function penOf({ fg, bg, extended }: Attributes, core: Internals): CellStyle {
  const isExtended = (bg & bgFlags.extended) !== 0
  const style = underlineStyle(extended)
  const isUnderlined = (fg & fgFlags.underline) !== 0 || (isExtended && extended.urlId === 0 && style !== 0)
  const underline = isUnderlined ? [isExtended && style > 1 ? `4:${style}` : '4'] : []
  const parts = ['0', ...plainParts(fg, bg), ...underline, ...colour(underlineColour(extended), underlineColours)]
  const protection = (bg & bgFlags.protected) === 0 ? '' : '\x1b[1"q'
  return { attributes: `\x1b[${parts.join(';')}m${protection}`, link: isExtended ? linkOf(extended, core) : '' }
}

/** Returns the sequences that set all attributes except underline and link, whatever they were. */
export function beyondUnderline({ fg, bg }: Attributes): string {
  const parts = ['22;23;25;27;28;29;39;49;55', ...plainParts(fg, bg)]
  return `\x1b[${parts.join(';')}m\x1b[${(bg & bgFlags.protected) === 0 ? 0 : 1}"q`
}

function plainParts(fg: number, bg: number): readonly string[] {
  return [...switchesOf(fg, bg), ...colour(fg, textColours), ...colour(bg, backgroundColours)]
}

function switchesOf(fg: number, bg: number): readonly string[] {
  const on = [...fgSwitches.filter(([flag]) => (fg & flag) !== 0), ...bgSwitches.filter(([flag]) => (bg & flag) !== 0)]
  return on.map(([, parameter]) => String(parameter))
}

function colour(word: number, { basic, extended, separator }: Colours): readonly string[] {
  const index = word & 0xff
  switch (word & colourMode.mask) {
    case colourMode.basic:
      return [String((index & 8) === 0 ? basic + index : basic + 60 + (index & 7))]
    case colourMode.indexed:
      return [[extended, 5, index].join(separator)]
    case colourMode.rgb: {
      // With colons, a colour space comes first; it stays empty (ITU-T T.416).
      const space = separator === ':' ? [''] : []
      return [[extended, 2, ...space, (word >> 16) & 0xff, (word >> 8) & 0xff, index].join(separator)]
    }
    default:
      return []
  }
}

function linkOf({ urlId }: ExtendedAttributes, core: Internals): string {
  const data = urlId === 0 ? undefined : core._oscLinkService.getLinkData(urlId)
  if (data === undefined) return ''
  return `${data.id === undefined ? '' : `id=${data.id}`};${data.uri}`
}

/** Collects the written text. */
export class Painter {
  readonly #core: Internals
  readonly #parts: string[] = []
  #style: CellStyle | null = plainStyle
  #lastAsked: { readonly attributes: Attributes; readonly style: CellStyle } | null = null
  /** What xterm.js remembers of the last character, to join the next to it; every sequence makes it forget. */
  #preceding = 0

  constructor(core: Internals) {
    this.#core = core
  }

  get text(): string {
    return this.#parts.join('')
  }

  /** Adds control characters or sequences. */
  control(sequence: string): void {
    this.#parts.push(sequence)
    this.#preceding = 0
  }

  /** Adds text whose characters do not join, such as ASCII. */
  print(text: string): void {
    this.#parts.push(text)
    for (const character of text) this.#follow(character)
  }

  /** Adds the text of the cell in a column so that it does not join the cell before. */
  printCell(text: string, column: number): void {
    const [first = ' '] = text
    if (this.#properties(first).joins) this.moveTo(column)
    this.print(text)
  }

  /** Moves within the row; columns count from 0. */
  moveTo(column: number): void {
    this.control(`\x1b[${column + 1}G`)
  }

  /** Returns the style of these attributes. */
  penOf(attributes: Attributes): CellStyle {
    const last = this.#lastAsked
    if (last !== null && sameAttributes(last.attributes, attributes)) return last.style
    const style = penOf(attributes, this.#core)
    this.#lastAsked = { attributes, style }
    return style
  }

  usePen(style: CellStyle): void {
    if (this.#style?.attributes !== style.attributes) {
      const wasProtected = this.#style?.attributes.endsWith('q') ?? false
      this.control(wasProtected ? `\x1b[0"q${style.attributes}` : style.attributes)
    }
    if (this.#style?.link !== style.link) this.control(`\x1b]8;${style.link === '' ? ';' : style.link}\x1b\\`)
    this.#style = style
  }

  /** Notes that a sequence has changed the style: to the given one, or to an unknown one. */
  penBecame(style: CellStyle | null): void {
    this.#style = style
  }

  /** Returns the cells that a text takes as one cluster; null: it would fall apart into several. */
  widthOf(text: string): number | null {
    if (text.length === 1 && text < '\x7f') return 1
    let preceding = 0
    let isFirst = true
    for (const character of text) {
      preceding = this.#core.unicodeService.charProperties(character.codePointAt(0) ?? 0, preceding)
      if (!isFirst && !readProperties(preceding).joins) return null
      isFirst = false
    }
    return isFirst ? null : readProperties(preceding).width
  }

  #properties(character: string): { readonly width: number; readonly joins: boolean } {
    return readProperties(this.#core.unicodeService.charProperties(character.codePointAt(0) ?? 0, this.#preceding))
  }

  #follow(character: string): void {
    this.#preceding = this.#core.unicodeService.charProperties(character.codePointAt(0) ?? 0, this.#preceding)
  }
}
