/** What follows an opcode of Python's pickle machine. */
type Argument = number | 'line' | 'number line' | 'two lines' | 'length 1' | 'length 4' | 'length 8'

/** Each opcode: its argument, the values that it takes from the stack, and those that it leaves there. 'mark' takes all above one. */
const opcodes = new Map<number, [argument: Argument, takes: number | 'mark', leaves: number]>()
const define = (codes: string | number[], argument: Argument, takes: number | 'mark', leaves: number): void => {
  for (const code of typeof codes === 'string' ? [...codes].map((character) => character.charCodeAt(0)) : codes)
    opcodes.set(code, [argument, takes, leaves])
}
define('N})]', 0, 0, 1)
define([0x88, 0x89, 0x8f, 0x97], 0, 0, 1)
define('FIL', 'number line', 0, 1)
define('SV', 'line', 0, 1)
define('Pg', 'line', 0, 1)
define('p', 'line', 1, 1)
define('K', 1, 0, 1)
define('M', 2, 0, 1)
define('J', 4, 0, 1)
define('G', 8, 0, 1)
define('h', 1, 0, 1)
define('j', 4, 0, 1)
define('q', 1, 1, 1)
define('r', 4, 1, 1)
define([0x94, 0x98], 0, 1, 1)
define('U', 'length 1', 0, 1)
define('C', 'length 1', 0, 1)
define([0x8c, 0x8a], 'length 1', 0, 1)
define('TXB', 'length 4', 0, 1)
define([0x8b], 'length 4', 0, 1)
define([0x8d, 0x8e, 0x96], 'length 8', 0, 1)
define('c', 'two lines', 0, 1)
define('i', 'two lines', 'mark', 1)
define([0x82], 1, 0, 1)
define([0x83], 2, 0, 1)
define([0x84], 4, 0, 1)
define([0x93, 0x81], 0, 2, 1)
define([0x92], 0, 3, 1)
define('Rb', 0, 2, 1)
define('o', 0, 'mark', 1)
define('tdl', 0, 'mark', 1)
define([0x91], 0, 'mark', 1)
define([0x85], 0, 1, 1)
define([0x86], 0, 2, 1)
define([0x87], 0, 3, 1)
define('a', 0, 2, 1)
define('s', 0, 3, 1)
define('0', 0, 1, 0)
define('2', 0, 1, 2)
define('Q', 0, 1, 1)

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const protocolCode = 0x80
const frameCode = 0x95
const markCode = 0x28
const stopCode = 0x2e
/** What puts code on the stack by its name; whatever calls something needs one of them first. */
const namingCodes = new Set([0x63, 0x69, 0x93])

/**
 * Whether a file begins as a Python pickle of protocol 0 to 5: a program, which runs when it is loaded. It is read as the
 * machine reads it, so that a text which happens to begin with one of its letters is none. Of the protocols without a
 * header (0 and 1) only what names code counts; nothing else of them can be told from text, nor does it do anything.
 */
export function isPickle(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const hasHeader = head[0] === protocolCode && head[1] !== undefined && head[1] >= 2 && head[1] <= 5
  let at = hasHeader ? 2 : 0
  let stack = 0
  let namesCode = false
  let steps = 0
  const marks: number[] = []
  const readLine = (): string | undefined => {
    const end = head.indexOf(0x0a, at)
    const line = end === -1 ? undefined : text(head.subarray(at, Math.min(end, at + 1_024)))
    at = end === -1 ? head.length : end + 1
    return line
  }
  for (; at < head.length; steps++) {
    const code = head[at++] as number
    // The machine answers with the topmost value, whatever lies below it.
    if (code === stopCode) return stack > 0 && (hasHeader || namesCode)
    if (code === frameCode) {
      at += 8
      continue
    }
    if (code === markCode) {
      marks.push(stack)
      continue
    }
    if (namingCodes.has(code)) namesCode = true
    // Those that take all above the mark and put it into what lies below; the mark alone goes for '1'.
    if (code === 0x31 || code === 0x65 || code === 0x75 || code === 0x90) {
      const mark = marks.pop()
      if (mark === undefined || (code !== 0x31 && mark === 0)) return false
      stack = mark
      continue
    }
    const opcode = opcodes.get(code)
    if (opcode === undefined) return false
    const [argument, takes, leaves] = opcode
    if (takes === 'mark') {
      const mark = marks.pop()
      if (mark === undefined) return false
      stack = mark
    } else if (stack - takes < (marks.at(-1) ?? 0)) return false
    else stack -= takes
    stack += leaves
    if (typeof argument === 'number') at += argument
    else if (argument === 'length 1') at += 1 + (head[at] ?? 0)
    else if (argument === 'length 4') at += 4 + (at + 4 <= head.length ? view.getUint32(at, true) : head.length)
    else if (argument === 'length 8')
      at += 8 + (at + 8 <= head.length ? Number(view.getBigUint64(at, true)) : head.length)
    else {
      const lines = argument === 'two lines' ? [readLine(), readLine()] : [readLine()]
      if (lines.includes(undefined)) break
      if (argument === 'two lines' && !lines.every((line) => /^[\w.<>]+$/.test(line ?? ''))) return false
      if (argument === 'number line' && !/^[-+\d.eE]+(L|nan|inf)?$/.test(lines[0] ?? '')) return false
    }
  }
  // The head ended inside of it: enough of it made sense to a machine that has few letters.
  return hasHeader ? steps >= 2 : namesCode && steps >= 4
}
