/** What a line says besides its message. Nothing in it is a body, a header, a key or a signature. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** One line of one event, for people or for machines. */
export type Log = {
  info(event: string, message: string, fields?: LogFields): void
  warning(event: string, message: string, fields?: LogFields): void
  error(event: string, message: string, fields?: LogFields): void
}
