/** Terminals: the modes of a terminal as sequences, without those of the cursor's place. */
import type { Internals } from './xterm-internals.ts'

const mouseTracking: Readonly<Record<string, string>> = { X10: '9', VT200: '1000', DRAG: '1002', ANY: '1003' }

const mouseEncoding: Readonly<Record<string, string>> = { SGR: '1006', SGR_PIXELS: '1016' }

/** DECSCUSR for a steady cursor; one less blinks. */
const steadyShapes = { block: 2, underline: 4, bar: 6 } as const

/** Returns the sequences that give a terminal these modes after a reset; none moves the cursor. */
export function modeSequences(core: Internals): string {
  const { decPrivateModes: modes, isCursorHidden } = core.coreService
  const { cursorBlink, convertEol } = core.optionsService.rawOptions
  const set: readonly (string | undefined | false)[] = [
    modes.applicationCursorKeys && '1',
    modes.reverseWraparound && '45',
    mouseTracking[core.coreMouseService.activeProtocol],
    modes.sendFocus && '1004',
    mouseEncoding[core.coreMouseService.activeEncoding],
    modes.bracketedPasteMode && '2004',
  ]
  const sequences = set.filter((mode) => typeof mode === 'string').map((mode) => `\x1b[?${mode}h`)
  if (modes.applicationKeypad) sequences.push('\x1b=')
  if (!modes.wraparound) sequences.push('\x1b[?7l')
  if (modes.cursorStyle !== undefined) {
    sequences.push(`\x1b[${steadyShapes[modes.cursorStyle] - (modes.cursorBlink === true ? 1 : 0)} q`)
  }
  // No reset of xterm.js resets these three, so each is always set.
  sequences.push(`\x1b[?12${cursorBlink ? 'h' : 'l'}`, `\x1b[?25${isCursorHidden ? 'l' : 'h'}`)
  sequences.push(`\x1b[20${convertEol ? 'h' : 'l'}`)
  return sequences.join('')
}
