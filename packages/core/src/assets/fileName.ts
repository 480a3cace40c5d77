import { z } from 'zod'

/** A file name that is safe on every system: no folders, control or direction characters, no reserved names. */
export const fileNameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_ .()-]*$/u, 'must be a plain file name')
  .refine((name) => new TextEncoder().encode(name).length <= 200, 'must be at most 200 bytes long')
  .refine((name) => !name.endsWith('.') && !name.endsWith(' '), 'must not end in a dot or a space')
  .refine((name) => !/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i.test(name), 'must not be a reserved name')
