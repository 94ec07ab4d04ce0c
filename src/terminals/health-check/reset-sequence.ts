/** Terminals: resets a terminal after the output of a command. */

/**
 * Ends what the output of a command may leave behind: a cut sequence, the alternate screen, margins, colours, a hidden
 * cursor, mouse and focus reports, bracketed paste. The cursor keeps its place.
 *
 * CAN and ST end any sequence; DECSC comes first because leaving the alternate screen restores a cursor; DECSTR is the
 * soft reset (xterm Control Sequences, "CSI ! p").
 */
export const resetSequence =
  '\x18\x1b\\\x1b7\x1b[?1049l\x1b[!p\x1b[0m\x1b(B\x0f\x1b[?7h\x1b[?25h\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l'
