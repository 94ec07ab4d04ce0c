/** Console: the close code of a socket in words. */
import type { CloseReason } from '../client/terminal-socket.ts'

const words: ReadonlyMap<number, string> = new Map([
  [1000, 'left'],
  [1001, 'node shut down'],
  [1002, 'protocol not spoken'],
  [1006, 'connection lost'],
  [1009, 'frame too big'],
  [4400, 'frame not understood'],
  [4401, 'token not accepted'],
  [4403, 'not allowed'],
  [4404, 'no such terminal'],
  [4408, 'idle'],
  [4409, 'replaced or taken'],
  [4410, 'ended'],
  [4421, 'on another node'],
  [4423, 'access taken back'],
  [4429, 'too slow'],
  [4440, 'window over'],
  [4500, 'internal fault'],
  [4503, 'not available'],
  [4507, 'not recorded any more'],
])

/** Returns the codes of an end for a user to read out: `4410, ended, shell-exit`. */
export function closeWords({ closeCode, code }: Pick<CloseReason, 'closeCode' | 'code'>): string {
  const parts = [String(closeCode), words.get(closeCode), code ?? undefined]
  return parts.filter((part) => part !== undefined).join(', ')
}
