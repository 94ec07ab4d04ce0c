/** Protocol: the numbers of a frame and their limits: big-endian, and within what a JavaScript number holds exactly. */
import type { TerminalSize } from './terminal-frames.ts'

/** Least and most columns, and rows. */
const sizeLimits = { least: 2, most: 1000 } as const

/** Most bytes of one INPUT. */
export const longestInput = 65_536

/** Largest u32. */
export const largestU32 = 0xffff_ffff

const u32Count = 0x1_0000_0000

/** Returns the u64 at an offset; null: it is above 2^53 - 1. */
export function readU64(view: DataView, at: number): number | null {
  const value = view.getUint32(at) * u32Count + view.getUint32(at + 4)
  return Number.isSafeInteger(value) ? value : null
}

/**
 * Writes a u64 at an offset.
 *
 * @throws RangeError if the value is not a whole number from 0 to 2^53 - 1.
 */
export function writeU64(view: DataView, at: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('A u64 is a whole number from 0 to 2^53 - 1.')
  view.setUint32(at, Math.floor(value / u32Count))
  view.setUint32(at + 4, value % u32Count)
}

/**
 * Writes a u32 at an offset.
 *
 * @throws RangeError if the value is not a whole number from 0 to 2^32 - 1.
 */
export function writeU32(view: DataView, at: number, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > largestU32) {
    throw new RangeError('A u32 is a whole number from 0 to 2^32 - 1.')
  }
  view.setUint32(at, value)
}

/** Returns columns, or rows, clamped to 2 to 1000; the value is a whole number. */
export function clampSize(value: number): number {
  return Math.min(Math.max(value, sizeLimits.least), sizeLimits.most)
}

/** Returns the u16 columns and rows at an offset, as they are. */
export function readSize(view: DataView, at: number): TerminalSize {
  return { cols: view.getUint16(at), rows: view.getUint16(at + 2) }
}

/** Returns whether columns and rows are whole numbers from 2 to 1000. */
export function isSize({ cols, rows }: TerminalSize): boolean {
  return [cols, rows].every((value) => Number.isInteger(value) && clampSize(value) === value)
}

/**
 * Writes columns and rows at an offset, two u16.
 *
 * @throws RangeError if one is not from 2 to 1000.
 */
export function writeSize(view: DataView, at: number, size: TerminalSize): void {
  if (!isSize(size)) throw new RangeError('Columns and rows are whole numbers from 2 to 1000.')
  view.setUint16(at, size.cols)
  view.setUint16(at + 2, size.rows)
}
