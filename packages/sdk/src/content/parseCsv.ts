import { AgoraiError } from '@agorai/core'

/** One record of a CSV file. `line` is where it begins, counted from 1. */
export type CsvRecord = { line: number; values: string[] }

type Parser = {
  /** Records completed by this piece of text. */
  push(text: string): CsvRecord[]
  /** The last record, when the text does not end in a line break. */
  end(): CsvRecord[]
}

const quote = 0x22
const newline = 0x0a
const carriageReturn = 0x0d

/** What stands between the values of a record. */
export type Separator = ',' | '\t'

/**
 * Reads CSV as RFC 4180 writes it, in pieces cut anywhere: commas, line breaks of LF or CRLF, quotes around what contains
 * either, doubled quotes inside quotes. Nothing is guessed: what the RFC does not allow is refused with its line. TSV is
 * the same with tabs for commas, its quotes included.
 *
 * @param recordCharactersMax Longest record, which bounds the memory that a file without line breaks can take.
 */
export function createCsvParser(recordCharactersMax: number, separator: Separator = ','): Parser {
  const separatorCode = separator.charCodeAt(0)
  let line = 1
  let recordLine = 1
  let recordCharacters = 0
  let values: string[] = []
  let value = ''
  let state: 'start' | 'plain' | 'quoted' | 'closing' = 'start'
  let returned = false
  // Kept outside `push`: V8 moves a search whose result is a plain local into the loop, once for every record.
  let nextQuote = -1

  const refuse = (message: string): AgoraiError =>
    new AgoraiError('rows_invalid', `Line ${line}: ${message}`, { details: { line } })

  const grow = (characters: number): void => {
    recordCharacters += characters
    if (recordCharacters > recordCharactersMax) throw refuse(`a row has more than ${recordCharactersMax} characters.`)
  }
  const endValue = (): void => {
    values.push(value)
    value = ''
    state = 'start'
  }
  const endRecord = (): CsvRecord => {
    endValue()
    const record = { line: recordLine, values }
    line++
    recordLine = line
    recordCharacters = 0
    values = []
    returned = false
    return record
  }

  /** Takes one character that may have a meaning; answers whether it ended the record. */
  const take = (character: number): boolean => {
    if (returned && character !== newline) throw refuse('a carriage return stands outside quotes.')
    if (character === separatorCode) endValue()
    else if (character === newline) return true
    else if (character === carriageReturn) returned = true
    else if (state === 'start') state = 'quoted'
    else throw refuse('a quote stands inside a value that does not begin with one.')
    return false
  }

  return {
    push(text) {
      const records: CsvRecord[] = []
      nextQuote = text.indexOf('"')
      for (let at = 0; at < text.length; ) {
        if (nextQuote !== -1 && nextQuote < at) nextQuote = text.indexOf('"', at)
        // Most records have no quote at all, and those are cut by the engine's own split.
        if (state === 'start' && values.length === 0 && !returned) {
          const end = text.indexOf('\n', at)
          if (end !== -1 && (nextQuote === -1 || nextQuote > end)) {
            const plain = text.slice(at, text.charCodeAt(end - 1) === carriageReturn && end > at ? end - 1 : end)
            grow(plain.length)
            if (plain.includes('\r')) throw refuse('a carriage return stands outside quotes.')
            values = plain.split(separator)
            value = values.pop() ?? ''
            records.push(endRecord())
            at = end + 1
            continue
          }
        }
        if (state === 'quoted') {
          const end = nextQuote === -1 ? text.length : nextQuote
          const part = text.slice(at, end)
          grow(part.length)
          value += part
          for (let found = part.indexOf('\n'); found !== -1; found = part.indexOf('\n', found + 1)) line++
          if (end < text.length) state = 'closing'
          at = end + 1
          continue
        }
        const character = text.charCodeAt(at)
        grow(1)
        if (state === 'closing' && character === quote) {
          value += '"'
          state = 'quoted'
        } else if (
          character === separatorCode ||
          character === newline ||
          character === carriageReturn ||
          character === quote
        ) {
          if (take(character)) records.push(endRecord())
        } else if (returned) {
          throw refuse('a carriage return stands outside quotes.')
        } else if (state === 'closing') {
          throw refuse('a closing quote is followed by something else than a separator or the end of the line.')
        } else {
          state = 'plain'
          const end = endOfPlain(text, at, separatorCode)
          value += text.slice(at, end)
          grow(end - at - 1)
          at = end
          continue
        }
        at++
      }
      return records
    },
    end() {
      if (state === 'quoted') throw refuse('a quoted value is not closed.')
      if (returned) throw refuse('a carriage return stands outside quotes.')
      return state === 'start' && values.length === 0 ? [] : [endRecord()]
    },
  }
}

/** Index of the first character from `at` on that has a meaning outside quotes. */
function endOfPlain(text: string, at: number, separator: number): number {
  for (let end = at; end < text.length; end++) {
    const character = text.charCodeAt(end)
    if (character === separator || character === newline || character === quote || character === carriageReturn)
      return end
  }
  return text.length
}
