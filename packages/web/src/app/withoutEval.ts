import { config } from 'zod'

// The content security policy forbids building functions from text, which schemas would otherwise try for speed. This
// module is imported before any other, since a schema decides it when it is defined.
config({ jitless: true })
